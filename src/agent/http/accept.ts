/** A connection that was taken over: found out what it speaks, then passed on. */
import type { Socket } from 'node:net'
import { spliceSocket } from '../../wire/carrier/splice-socket.ts'
import type { Stream } from '../../wire/session/contract.ts'
import type { Choice, Routing } from '../routing.ts'
import { HttpConnection } from './connection.ts'
import { connectApp } from './upstream.ts'

/** A client that is silent for so long may wait for the server to speak first. */
const SILENT_MS = 1000
/** Longest method that is taken for one; HTTP's own have at most 17 letters (RFC 9110, IANA's registry). */
const METHOD_START = /^[A-Z][A-Z-]{0,31}(?: |$)/
const HTTP1_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ \S+ HTTP\/1\.[01]$/
const HTTP2_PREFACE = 'PRI '
const MAX_FIRST_LINE = 16 * 1024

export interface Target {
  /** The port that was taken over, and the pod's own address at which the app has it. */
  port: number
  host: string
}

/** Takes a connection; errors end it and are nobody else's. The client may be paused. */
export function acceptConnection(client: Socket, { host, port }: Target, routing: Routing): void {
  client.allowHalfOpen = true
  client.setNoDelay(true)
  const gone = new AbortController()
  client.once('close', () => gone.abort(new Error('the client is gone')))
  const toApp = (signal: AbortSignal): Promise<Stream> => connectApp(host, port, signal)
  if (!routing.wanted(port)) {
    void pass(client, { to: 'app' }, toApp, gone.signal)
    return
  }
  const http = (first: Buffer, app?: Stream): void =>
    new HttpConnection({ client, port, routing, connectApp: toApp }).start(first, app)
  sniff(client, {
    async spoke(first) {
      if (looksLikeHttp(first)) http(first)
      else await pass(client, routing.decideRaw(port), toApp, gone.signal, first)
    },
    async silent() {
      const choice = routing.decideRaw(port)
      if (choice.to === 'laptop') await pass(client, choice, toApp, gone.signal)
      else await waitForEither(client, await toApp(gone.signal), http)
    },
  })
}

/** Calls one of the two, once. An error of theirs ends the client. */
function sniff(client: Socket, found: { spoke(first: Buffer): Promise<void>; silent(): Promise<void> }): void {
  const done = (): void => {
    clearTimeout(timer)
    client.off('data', onData).off('end', onEnd).off('error', onError)
  }
  const end = (): void => void client.resetAndDestroy()
  const onError = (): void => {}
  const onData = (bytes: Buffer): void => {
    done()
    client.on('error', onError).pause()
    found.spoke(bytes).catch(end)
  }
  const onEnd = (): void => {
    done()
    client.end()
  }
  const timer = setTimeout(() => {
    done()
    client.on('error', onError).pause()
    found.silent().catch(end)
  }, SILENT_MS)
  client.on('data', onData).on('end', onEnd).on('error', onError)
  client.resume()
}

/** Passes a whole connection. */
async function pass(
  client: Socket,
  choice: Choice,
  toApp: (signal: AbortSignal) => Promise<Stream>,
  signal: AbortSignal,
  first: Buffer = Buffer.alloc(0),
): Promise<void> {
  try {
    if (choice.to === 'laptop') {
      const stream = await choice.open(first, `${client.remoteAddress}:${client.remotePort}`, signal)
      await spliceSocket(stream, client)
      return
    }
    const stream = await toApp(signal)
    if (first.length > 0) stream.send(first)
    const over = spliceSocket(stream, client)
    stream.resume()
    await over
  } catch {
    client.resetAndDestroy()
  }
}

/** Nobody has said anything: the first to speak shows whether it is HTTP. */
async function waitForEither(client: Socket, app: Stream, http: (first: Buffer, app: Stream) => void): Promise<void> {
  const decided = Promise.withResolvers<{ by: 'app' | 'client'; bytes: Buffer } | undefined>()
  // Both are stopped at once: what comes after the first bytes is for whoever passes them on.
  const speaks = (by: 'app' | 'client', bytes: Buffer): void => {
    client.pause()
    app.pause()
    decided.resolve({ by, bytes })
  }
  const onClient = (bytes: Buffer): void => speaks('client', bytes)
  const onEnd = (): void => decided.resolve(undefined)
  app.bind({
    onData: (bytes) => speaks('app', bytes),
    onEnd,
    onDrain() {},
    onClose: onEnd,
  })
  client.once('data', onClient).once('end', onEnd).once('close', onEnd)
  app.resume()
  client.resume()
  const first = await decided.promise
  client.off('data', onClient).off('end', onEnd).off('close', onEnd)
  if (first?.by === 'client' && looksLikeHttp(first.bytes)) {
    http(first.bytes, app)
    return
  }
  if (first?.by === 'client') app.send(first.bytes)
  else if (first?.by === 'app') client.write(first.bytes)
  const over = spliceSocket(app, client)
  app.resume()
  if (first === undefined) {
    app.end()
    client.end()
  }
  await over
}

/** Decided on the first line where it is whole, on how it begins where it is not. */
function looksLikeHttp(first: Buffer): boolean {
  const text = first.toString('latin1', 0, MAX_FIRST_LINE).replace(/^(?:\r\n)+/, '')
  const end = text.indexOf('\r\n')
  if (end >= 0) return HTTP1_LINE.test(text.slice(0, end))
  return METHOD_START.test(text) && !text.startsWith(HTTP2_PREFACE)
}
