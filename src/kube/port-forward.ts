/**
 * A link to a port of a pod: a WebSocket to the API server, subprotocol `v4.channel.k8s.io`. Each message begins with its
 * channel: 0 is the data, 1 the reason why it broke. The first message on each channel is the two-byte port.
 */
import { WebSocket } from 'ws'
import { type Code, fault } from '../diagnose/catalogue.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Link, LinkHandlers } from '../wire/link/link.ts'
import { ApiRefusal, connectionFault, refusalFault } from './api-fault.ts'
import type { KubeClient } from './client.ts'
import { MessagePacker } from './message-packer.ts'
import type { ObjectPath } from './path.ts'

export interface PortForwardOptions {
  client: KubeClient
  clock: Clock
  namespace: string
  pod: string
  port: number
  signal?: AbortSignal
  /** Longest wait for the connection. Default 10 s. */
  timeoutMs?: number
}

const DATA = 0
const PROTOCOL = 'v4.channel.k8s.io'
/** Above it `send` asks to wait; at a quarter of it `onDrain` comes. */
const HIGH_WATER_BYTES = 1 << 20
/** What the API server says, as a bad request, of a pod that has no node or no process yet. */
const NOT_RUNNING = /unable to forward port|is not assigned|pod is not running/
/** How long an orderly close waits for the far end's answer. */
const CLOSE_MS = 2000

/**
 * Connects to a port of a pod.
 * @throws RC-C-123 when the node cannot connect, RC-C-114 without the right to, RC-C-115 without such a pod, RC-C-101 …
 */
export async function openPortForward(options: PortForwardOptions): Promise<Link> {
  const first = await connect(options, false)
  if (first instanceof PortForwardLink) return first
  // 401: the credentials that were kept have expired; new ones are worth one more try.
  const second = await connect(options, true)
  if (second instanceof PortForwardLink) return second
  throw second.fault
}

async function connect(options: PortForwardOptions, renew: boolean): Promise<PortForwardLink | { fault: Error }> {
  const { client, clock, namespace, pod, port, signal, timeoutMs = 10_000 } = options
  const path: ObjectPath = { apiVersion: 'v1', kind: 'Pod', namespace, name: pod, subresource: 'portforward' }
  const { url, headers, agent } = await client.connection(path, { ports: port }, renew, signal)
  signal?.throwIfAborted()
  const socket = new WebSocket(url, PROTOCOL, {
    headers,
    agent,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    // A zero mask: valid by RFC 6455, and the payload need not be rewritten byte by byte. The link is under TLS.
    generateMask() {},
  })
  const asked = { verb: 'create', path, server: client.target.server, target: client.target.name } as const
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      release()
      socket.on('error', () => {})
      socket.terminate()
      reject(error)
    }
    const onAbort = (): void => fail(signal?.reason)
    const timer = clock.after(timeoutMs, () => {
      fail(connectionFault(new Error(`no answer within ${timeoutMs / 1000} s`), asked))
    })
    const release = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
      socket.removeAllListeners()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.once('error', (error) => fail(connectionFault(error, asked)))
    socket.once('unexpected-response', (_request, answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.once('error', fail)
      answer.once('end', () => {
        const refusal = new ApiRefusal(answer.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'))
        const refused =
          refusal.status >= 500 || NOT_RUNNING.test(refusal.message)
            ? forwardFault('RC-C-123', options, refusal.message, refusal)
            : refusalFault(refusal, asked)
        if (refusal.status !== 401 || renew) return fail(refused)
        release()
        socket.on('error', () => {})
        socket.terminate()
        resolve({ fault: refused })
      })
    })
    socket.once('open', () => {
      release()
      resolve(new PortForwardLink(socket, options))
    })
  })
}

class PortForwardLink implements Link {
  readonly name: string
  readonly #socket: WebSocket
  readonly #options: PortForwardOptions
  #handlers: LinkHandlers | undefined
  #state: 'open' | 'closing' | 'closed' = 'open'
  #reason: Error | undefined
  #paused = false
  #full = false
  #closeTimer: Timer | undefined
  readonly #packer = new MessagePacker(DATA, (message, sent) => {
    this.#socket.send(message, () => {
      sent(this.#socket.bufferedAmount === 0)
      this.#onSent()
    })
  })
  /** Channels whose port preamble has come. */
  readonly #begun = new Set<number>()
  #complaint = ''
  /** Came before `bind`. */
  #early: Buffer[] = []

  constructor(socket: WebSocket, options: PortForwardOptions) {
    this.#socket = socket
    this.#options = options
    this.name = `port-forward ${options.pod}:${options.port}`
    socket.on('message', (message: Buffer) => this.#onMessage(message))
    socket.on('error', (error) => {
      this.#reason ??= forwardFault('RC-C-122', options, error.message, error)
    })
    socket.on('close', (code) => this.#onClose(code))
  }

  bind(handlers: LinkHandlers): void {
    this.#handlers = handlers
    const early = this.#early
    this.#early = []
    queueMicrotask(() => {
      for (const bytes of early) handlers.onData(bytes)
      if (this.#state === 'closed') handlers.onClose(this.#reason)
      else if (!this.#paused) this.#socket.resume()
    })
  }

  send(...pieces: Uint8Array[]): boolean {
    if (this.#state !== 'open') return true
    for (const bytes of pieces) this.#packer.put(bytes)
    if (this.#socket.bufferedAmount + this.#packer.waitingBytes >= HIGH_WATER_BYTES) this.#full = true
    return !this.#full
  }

  pause(): void {
    this.#paused = true
    if (this.#state === 'open') this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.#handlers !== undefined) this.#socket.resume()
  }

  close(): void {
    if (this.#state !== 'open') return
    this.#packer.flush()
    this.#state = 'closing'
    this.#socket.resume()
    this.#socket.close(1000)
    this.#closeTimer = this.#options.clock.after(CLOSE_MS, () => this.#socket.terminate())
  }

  reset(reason: Error): void {
    if (this.#state === 'closed') return
    this.#reason = reason
    this.#state = 'closing'
    this.#socket.terminate()
  }

  #onSent(): void {
    if (!this.#full || this.#socket.bufferedAmount > HIGH_WATER_BYTES / 4) return
    this.#full = false
    if (this.#state === 'open') this.#handlers?.onDrain()
  }

  #onMessage(message: Buffer): void {
    const channel = message[0]
    if (channel === undefined) return
    if (!this.#begun.has(channel)) {
      this.#begun.add(channel)
      return
    }
    const bytes = message.subarray(1)
    if (channel !== DATA) {
      this.#complaint += bytes.toString('utf8')
      // The node has told why; nothing more will come.
      this.#reason ??= forwardFault('RC-C-123', this.#options, this.#complaint)
      this.#socket.terminate()
      return
    }
    if (bytes.length === 0 || this.#state !== 'open') return
    if (this.#handlers === undefined) {
      this.#early.push(bytes)
      this.#socket.pause()
    } else this.#handlers.onData(bytes)
  }

  #onClose(code: number): void {
    this.#closeTimer?.cancel()
    const orderly = this.#state === 'closing' || code === 1000
    if (!orderly) this.#reason ??= forwardFault('RC-C-122', this.#options, `the WebSocket ended with code ${code}`)
    this.#state = 'closed'
    this.#handlers?.onClose(this.#reason)
  }
}

function forwardFault(code: Code, { namespace, pod, port }: PortForwardOptions, why: string, cause?: unknown): Error {
  const said = why.trim().replace(/\.$/, '')
  const what = code === 'RC-C-122' ? `The connection to port ${port}` : `Cannot forward port ${port}`
  return fault(
    code,
    `${what} of pod ${pod} in namespace ${namespace}${code === 'RC-C-122' ? ' broke' : ''}: ${said}.`,
    [`kubectl port-forward -n ${namespace} pod/${pod} ${port}`],
    cause,
  )
}
