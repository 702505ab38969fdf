/** Sends one request as a program in a namespace would, and reads its answer to the end. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect as connectTcp, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Stream } from '../../wire/session/contract.ts'
import { StreamRefused } from '../../wire/session/refused.ts'
import { streamDuplex } from './stream-duplex.ts'

/** As in the resolver's file of a pod: `ndots:5`. */
const NDOTS = 5
const DOMAIN = 'cluster.local'
/** What is read of an answer. */
const MOST_BYTES = 64 * 1024 * 1024

export interface AskOptions {
  url: URL
  method: string
  headers: [name: string, value: string][]
  /** Whose names are known without more. */
  namespace: string
  insecure: boolean
  /** Connects in the cluster. Rejects with a `StreamRefused`. */
  dial(host: string, port: number): Promise<Stream>
  signal: AbortSignal
  /** The connection stands, and the request is sent now. */
  onSent(): void
}

/** Connects and says nothing. Rejects when nobody answers there. */
export async function knock(options: Omit<AskOptions, 'onSent'>): Promise<void> {
  const socket = await openPlain(options, hostOf(options.url), portOf(options.url))
  socket.on('error', () => {}).destroy()
}

/** @returns the answer's status. Rejects when nobody answers, or not to the end. */
export async function ask(options: AskOptions): Promise<number> {
  const { url, method, headers, signal, onSent } = options
  const socket = await open(options)
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const request = send(url, { method, signal, createConnection: () => socket })
  const byName = new Map<string, string[]>()
  for (const [name, value] of headers) {
    const values = byName.get(name.toLowerCase()) ?? []
    byName.set(name.toLowerCase(), [...values, value])
  }
  if (!byName.has('host')) request.setHeader('host', url.host)
  for (const [name, values] of byName) request.setHeader(name, values.length === 1 ? (values[0] ?? '') : values)
  onSent()
  try {
    return await answered(request)
  } finally {
    socket.destroy()
  }
}

async function answered(request: ClientRequest): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.on('response', resolve).on('error', reject)
  request.on('upgrade', () => reject(new Error('it answered with an upgrade')))
  request.end()
  const response = await promise
  let bytes = 0
  for await (const piece of response) {
    bytes += (piece as Buffer).length
    if (bytes > MOST_BYTES) break
  }
  return response.statusCode ?? 0
}

async function open(options: AskOptions): Promise<Duplex> {
  const { url, insecure } = options
  const host = hostOf(url)
  const plain = await openPlain(options, host, portOf(url))
  if (url.protocol !== 'https:') return plain
  const name = isIP(host) === 0 ? { servername: host } : {}
  const socket = connectTls({ socket: plain, ALPNProtocols: ['http/1.1'], rejectUnauthorized: !insecure, ...name })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('secureConnect', resolve).once('error', reject)
  socket.once('close', () => reject(new Error('the connection ended before it was secure')))
  plain.on('error', reject)
  await promise
  socket.off('error', reject)
  return socket
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port)
  return protocol === 'https:' ? 443 : 80
}

async function openPlain(
  { dial, namespace, signal }: Pick<AskOptions, 'dial' | 'namespace' | 'signal'>,
  host: string,
  port: number,
): Promise<Duplex> {
  let unknown: unknown
  for (const name of namesOf(host, namespace)) {
    signal.throwIfAborted()
    try {
      return streamDuplex(await dial(name, port))
    } catch (error) {
      if (!(error instanceof StreamRefused)) throw error
      // The laptop's own, as for programs of `run`.
      if (error.code === 'outside') return await connectHere(host, port)
      if (error.code !== 'ENOTFOUND') throw error
      unknown = error
    }
  }
  throw unknown
}

async function connectHere(host: string, port: number): Promise<Duplex> {
  const socket = connectTcp({ host, port, noDelay: true })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('connect', resolve).once('error', reject)
  await promise
  socket.off('error', reject)
  return socket
}

/** What a resolver in the namespace would ask for, in order. */
export function namesOf(host: string, namespace: string): string[] {
  if (isIP(host) !== 0 || host.endsWith('.') || host.split('.').length > NDOTS) return [host]
  return [...[`${namespace}.svc.${DOMAIN}`, `svc.${DOMAIN}`, DOMAIN].map((suffix) => `${host}.${suffix}.`), host]
}
