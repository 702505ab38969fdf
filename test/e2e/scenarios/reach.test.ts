/** A laptop goes by TCP where managers are exposed, by port-forward where that is out of reach, and changes between them without a break. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { INSTALLATION, type KubeObject } from '../../../src/kube/resources.ts'
import type { ConnectResult, StatusResult } from '../../../src/lib/daemon-api.ts'
import { ClientPod } from '../client-pod.ts'
import { kitLaptop, laptopHome, place, withoutLaptop } from '../place.ts'
import { type Ran, REMOCAL, type Running, remocal, remocalJson, run, start } from '../remocal.ts'
import { until } from '../until.ts'

interface Pod extends KubeObject {
  status?: { podIP?: string }
}

const everywhere = place()
const { client } = everywhere
const TABLE = 'remocal_e2e'

/** Both ends send one endless row of 32-bit numbers and check the other's. Whoever reads a wrong one says so and ends. */
const ENDLESS = `
import net from 'node:net'
export function carry(socket, name) {
  const block = (from) => {
    const bytes = Buffer.allocUnsafe(65536)
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32BE((from + at / 4) >>> 0, at)
    return bytes
  }
  let sent = 0, wanted = 0, rest = Buffer.alloc(0), read = 0
  const fail = (why) => { console.log(name + ' FAILED ' + why + ' after ' + read); process.exit(1) }
  const push = () => { const more = socket.write(block(sent)); sent = (sent + 16384) >>> 0; more ? setTimeout(push, 5) : socket.once('drain', push) }
  socket.on('data', (bytes) => {
    read += bytes.length
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    let at = 0
    for (; at + 4 <= all.length; at += 4, wanted = (wanted + 1) >>> 0) if (all.readUInt32BE(at) !== wanted) fail('wrong bytes')
    rest = all.subarray(at)
  })
  socket.on('error', (error) => fail(error.message)).on('close', () => fail('closed'))
  push()
  setInterval(() => console.log(name + ' READ ' + read), 100).unref()
}
`
const SERVER = `${ENDLESS.replace('export ', '')}
net.createServer((socket) => carry(socket, 'pod')).listen(8080, () => console.log('LISTENS'))`
const CLIENT = `${ENDLESS.replace('export ', '')}
carry(net.connect(8080, process.argv[1]), 'laptop')`

describe('a laptop that reaches the nodes', { skip: withoutLaptop(everywhere) }, () => {
  const env = { REMOCAL_HOME: laptopHome() }
  const server = new ClientPod(client, 'shop')
  let nodePort = 0
  let flow: Running

  const onLaptop = async (...command: string[]): Promise<Ran> => {
    const ran = await run(...kitLaptop('e2e-reach', command), { env })
    assert.equal(ran.code, 0, `${command.join(' ')}: ${ran.stderr}${ran.stdout}`)
    return ran
  }
  const link = async (): Promise<string | undefined> => {
    const { clusters } = await remocalJson<StatusResult>(['status'], { env })
    return clusters[0]?.link
  }
  const isLinkedBy = (kind: string): Promise<unknown> =>
    until(`the laptop is connected by ${kind}`, 90_000, async () => (await link()) === kind)
  /** So many bytes more than now have come, both ways, and none was wrong. */
  const flows = async (): Promise<void> => {
    const count = (text: string): number => Number([...text.matchAll(/READ (\d+)/g)].at(-1)?.[1] ?? 0)
    for (const said of [async () => flow.output(), () => server.log()]) {
      const from = count(await said())
      await until('4 MB more', 30_000, async () => {
        const text = await said()
        assert.doesNotMatch(text, /FAILED/)
        return count(text) > from + 4e6
      })
    }
  }

  before(async () => {
    const { code, stderr } = await remocal(['install', '--image', 'remocal:dev', '--expose', 'NodePort'], { env })
    assert.equal(code, 0, stderr)
    const where = { apiVersion: 'v1', namespace: INSTALLATION.namespace }
    const service = await client.get<KubeObject & { spec: { ports: { nodePort: number }[] } }>({
      ...where,
      kind: 'Service',
      name: INSTALLATION.outside,
    })
    nodePort = service.spec.ports[0]?.nodePort ?? 0
    await until('the managers say where they are', 30_000, async () => {
      const config = { ...where, kind: 'ConfigMap', name: INSTALLATION.configMap }
      return (await client.get<KubeObject & { data: { reach?: string } }>(config)).data.reach?.endsWith(`:${nodePort}`)
    })
    await server.start(SERVER)
    await server.printed(/LISTENS/)
  })

  after(async () => {
    await flow?.end()
    await remocal(['quit'], { env })
    await run(...kitLaptop('e2e-reach', ['nft', 'delete', 'table', 'inet', TABLE]))
    await server.end()
    await remocal(['install', '--image', 'remocal:dev'], { env })
    client.close()
  })

  test('connects by tcp', async () => {
    await onLaptop(REMOCAL, 'connect')
    // A port-forward may have been faster; then tcp has taken its place.
    await isLinkedBy('tcp')
  })

  test('keeps its flows when tcp is cut silently, and goes on by port-forward', async () => {
    const path = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: server.name }
    const { status } = await client.get<Pod>(path)
    const program = [process.execPath, '--input-type=module', '-e', CLIENT, status?.podIP ?? '']
    flow = start(['run', '-n', 'shop', '--', ...program], { env })
    await flow.printed(/laptop READ [1-9]/)
    await flows()
    const drop = `add table inet ${TABLE}; add chain inet ${TABLE} out { type filter hook output priority 0; };
      add rule inet ${TABLE} out tcp dport ${nodePort} drop`
    await onLaptop('nft', drop)
    await isLinkedBy('port-forward')
    await flows()
  })

  test('connects by port-forward at once where tcp is out of reach', async () => {
    const other = { REMOCAL_HOME: laptopHome() }
    const ran = await run(...kitLaptop('e2e-reach', [REMOCAL, 'connect', '-o', 'json']), { env: other })
    await remocal(['quit'], { env: other })
    assert.equal(ran.code, 0, ran.stderr)
    assert.equal((JSON.parse(ran.stdout) as ConnectResult).link, 'port-forward')
  })

  test('goes back to tcp when that is mended, without a break', async () => {
    await onLaptop('nft', 'delete', 'table', 'inet', TABLE)
    await isLinkedBy('tcp')
    await flows()
    assert.equal(flow.child.exitCode, null, flow.output())
  })

  test('goes on by port-forward when the installation is not exposed any more', async () => {
    const { code, stderr } = await remocal(['install', '--image', 'remocal:dev'], { env })
    assert.equal(code, 0, stderr)
    assert.match(stderr, /service remocal-outside deleted/)
    await until('nothing says where managers are', 30_000, async () => {
      const { namespace, configMap: name } = INSTALLATION
      const path = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name }
      return (await client.get<KubeObject & { data: { reach?: string } }>(path)).data.reach === undefined
    })
    await flows()
    const ended = once(flow.child, 'close')
    flow.child.kill()
    await ended
    assert.doesNotMatch(flow.output(), /FAILED/)
  })
})
