/** The cluster's DNS (kubernetes/dns, specification.md 1.1.0): Services, headless ones with their pods' names. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, type Packet, streamEncode } from 'dns-packet'
import type { Store } from '../apiserver/store.ts'

const ZONE = 'cluster.local'
const TTL = 5
const NXDOMAIN = 3
const REFUSED = 5
const SLICES = 'endpointslices.discovery.k8s.io'

/** Answers on UDP and TCP port 53 of `address`. */
export async function serveDns(address: string, store: Store): Promise<{ close(): void }> {
  const udp = createSocket('udp4')
  udp.on('message', (bytes, { address: to, port }) => {
    const answer = answerBytes(bytes, store)
    if (answer !== undefined) udp.send(encode(answer), port, to)
  })
  const tcp = createServer((socket) => {
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes])
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE()) {
        const end = 2 + rest.readUInt16BE()
        const answer = answerBytes(rest.subarray(2, end), store)
        if (answer !== undefined) socket.write(streamEncode(answer))
        rest = rest.subarray(end)
      }
    })
  })
  udp.bind(53, address)
  tcp.listen(53, address)
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')])
  return {
    close() {
      udp.close()
      tcp.close()
    },
  }
}

function answerBytes(bytes: Buffer, store: Store): Packet | undefined {
  try {
    return answer(decode(bytes), store)
  } catch {
    return undefined
  }
}

/** The answer to one question. */
export function answer(query: Packet, store: Store): Packet {
  const [question] = query.questions ?? []
  const base: Packet = {
    type: 'response',
    id: query.id ?? 0,
    flags: AUTHORITATIVE_ANSWER,
    questions: query.questions ?? [],
  }
  if (question === undefined) return { ...base, flags: REFUSED }
  const { name, type } = question
  const found = lookUp(name.toLowerCase().replace(/\.$/, ''), store)
  if (found === undefined) return { ...base, flags: AUTHORITATIVE_ANSWER | NXDOMAIN }
  const wanted = found.filter((one) => one.type === type || (type as string) === 'ANY')
  return { ...base, answers: wanted.map((one) => ({ ...one, name }) as Answer) }
}

/** Records of a name; undefined when there is no such name. */
function lookUp(name: string, store: Store): Answer[] | undefined {
  if (!name.endsWith(`.svc.${ZONE}`)) return undefined
  const labels = name.slice(0, -`.svc.${ZONE}`.length).split('.')
  const namespace = labels.pop() ?? ''
  const service = labels.pop()
  if (service === undefined) return store.find('namespaces', undefined, namespace) === undefined ? undefined : []
  const found = store.find('services', namespace, service)
  if (found === undefined) return undefined
  const { clusterIP } = found.spec as { clusterIP?: string }
  const endpoints = store
    .list(SLICES, namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
    .flatMap(
      ({ endpoints: all = [] }) =>
        all as { addresses: string[]; hostname?: string; conditions?: { ready?: boolean } }[],
    )
    .filter(({ conditions }) => conditions?.ready !== false)
  const [host, ...more] = labels
  if (more.length > 0) return serviceRecords(labels, found.spec.ports ?? [], `${service}.${namespace}.svc.${ZONE}`)
  if (host !== undefined) {
    const one = endpoints.filter(({ hostname }) => hostname === host)
    return one.length === 0 ? undefined : one.flatMap(({ addresses }) => addresses.map(record))
  }
  if (clusterIP !== undefined && clusterIP !== 'None') return [record(clusterIP)]
  return endpoints.flatMap(({ addresses }) => addresses.map(record))
}

/** `_http._tcp.orders…`. */
function serviceRecords(
  [port, protocol]: string[],
  ports: { name?: string; port: number; protocol?: string }[],
  target: string,
): Answer[] | undefined {
  const found = ports.filter(
    ({ name, protocol: of = 'TCP' }) => `_${name}` === port && `_${of.toLowerCase()}` === protocol,
  )
  if (found.length === 0) return undefined
  return found.map(
    (one): Answer => ({ type: 'SRV', name: '', ttl: TTL, data: { port: one.port, target, priority: 0, weight: 100 } }),
  )
}

function record(address: string): Answer {
  return { type: 'A', name: '', ttl: TTL, data: address }
}
