/**
 * HTTP requests to one API server over kept connections. It adds credentials, asks for new ones once after a 401, and
 * goes through a proxy where the target names one. Answers come as streams; `client.ts` gives them meaning.
 */
import * as http from 'node:http'
import * as https from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import * as tls from 'node:tls'
import { connectSoon } from './connect-soon.ts'
import type { Credentials, KubeTarget } from './target.ts'

export interface TransportRequest {
  method: string
  /** Path and query. */
  path: string
  headers?: Record<string, string>
  body?: string
  /** Aborting destroys the request, and its answer while that is being read. */
  signal: AbortSignal
}

/** Connection options for one-off connections (WebSocket): TLS material and headers. */
export interface ConnectionOptions {
  url: string
  headers: Record<string, string | string[]>
  agent: http.Agent
}

const USER_AGENT = 'remocal'

export class Transport {
  readonly target: KubeTarget
  readonly #base: URL
  #agent: http.Agent | undefined
  #agentCredentials: Credentials | undefined

  constructor(target: KubeTarget) {
    this.target = target
    this.#base = new URL(target.server)
  }

  /** Sends a request; resolves at the answer's head, whatever its status. */
  async request(request: TransportRequest): Promise<http.IncomingMessage> {
    const answer = await this.#send(request, await this.target.credentials(false, request.signal))
    if (answer.statusCode !== 401) return answer
    answer.resume()
    return this.#send(request, await this.target.credentials(true, request.signal))
  }

  /** What a WebSocket to `path` needs. */
  async connection(path: string, renew: boolean, signal?: AbortSignal): Promise<ConnectionOptions> {
    const credentials = await this.target.credentials(renew, signal)
    return {
      url: this.target.server.replace(/^http/, 'ws') + path,
      headers: this.#headers(credentials),
      agent: this.#agentFor(credentials),
    }
  }

  close(): void {
    this.#agent?.destroy()
    this.#agent = undefined
  }

  async #send(request: TransportRequest, credentials: Credentials): Promise<http.IncomingMessage> {
    const attempt = (): Promise<http.IncomingMessage> => this.#attempt(request, credentials)
    try {
      return await attempt()
    } catch (error) {
      // A kept connection that the server had closed meanwhile: nothing was done, so what is safe to repeat is repeated.
      const stale = (error as { reusedSocket?: boolean }).reusedSocket === true
      if (!stale || request.signal.aborted || request.method === 'POST') throw error
      return attempt()
    }
  }

  #attempt(request: TransportRequest, credentials: Credentials): Promise<http.IncomingMessage> {
    const { protocol, hostname, port, pathname } = this.#base
    const options: http.RequestOptions = {
      method: request.method,
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
      path: pathname.replace(/\/$/, '') + request.path,
      headers: {
        accept: 'application/json',
        ...this.#headers(credentials),
        ...request.headers,
        ...(request.body !== undefined && { 'content-length': String(Buffer.byteLength(request.body)) }),
      },
      agent: this.#agentFor(credentials),
      signal: request.signal,
    }
    return new Promise((resolve, reject) => {
      const sent = (protocol === 'https:' ? https : http).request(options)
      sent.once('response', resolve)
      sent.once('error', (error) => reject(Object.assign(error, { reusedSocket: sent.reusedSocket })))
      // A connection that goes silent (sleep, cut cable) is found by TCP itself within some 20 s.
      sent.once('socket', (socket) => socket.setKeepAlive(true, 10_000))
      sent.end(request.body)
    })
  }

  #headers(credentials: Credentials): Record<string, string | string[]> {
    return {
      'user-agent': USER_AGENT,
      ...this.target.headers,
      ...(credentials.authorization !== undefined && { authorization: credentials.authorization }),
    }
  }

  /** One agent for as long as the client certificate stays the same. */
  #agentFor(credentials: Credentials): http.Agent {
    const old = this.#agentCredentials
    const same =
      String(old?.cert ?? '') === String(credentials.cert ?? '') &&
      String(old?.key ?? '') === String(credentials.key ?? '')
    if (this.#agent !== undefined && same) return this.#agent
    // Idle connections of the old agent end; those in use end by themselves.
    for (const sockets of Object.values(this.#agent?.freeSockets ?? {})) {
      for (const socket of sockets ?? []) socket.destroy()
    }
    this.#agentCredentials = credentials
    this.#agent =
      this.#base.protocol === 'https:' ? this.#secureAgent(credentials) : new http.Agent({ keepAlive: true })
    return this.#agent
  }

  #secureAgent(credentials: Credentials): https.Agent {
    const { ca, serverName, insecure, proxy } = this.target
    const options: https.AgentOptions = {
      keepAlive: true,
      scheduling: 'lifo',
      rejectUnauthorized: !insecure,
      ...(ca !== undefined && { ca }),
      ...(serverName !== undefined && { servername: serverName }),
      ...(credentials.cert !== undefined && { cert: credentials.cert }),
      ...(credentials.key !== undefined && { key: credentials.key }),
    }
    return proxy === undefined ? new DirectAgent(options) : new ProxiedAgent(options, new URL(proxy))
  }
}

type Secured = https.RequestOptions & tls.ConnectionOptions
type Connected = (error: Error | null, socket: Duplex) => void

/** Opens each connection as soon as there is a network for it. */
class DirectAgent extends https.Agent {
  override createConnection(options: Secured, callback?: Connected): Duplex | null | undefined {
    const host = options.host ?? ''
    const secure = (socket: Socket): void => {
      callback?.(null, super.createConnection({ ...options, socket } as Secured) as Duplex)
    }
    connectSoon({ host, port: Number(options.port) }).then(secure, (error: Error) =>
      callback?.(error, undefined as unknown as Duplex),
    )
    return undefined
  }
}

/** Opens each connection through an HTTP proxy's CONNECT. */
class ProxiedAgent extends https.Agent {
  readonly #proxy: URL

  constructor(options: https.AgentOptions, proxy: URL) {
    super(options)
    this.#proxy = proxy
  }

  override createConnection(options: Secured, callback?: Connected): Duplex | null | undefined {
    const { protocol, hostname, port, username, password } = this.#proxy
    const authority = `${options.host}:${options.port}`
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    const request = (protocol === 'https:' ? https : http).request({
      method: 'CONNECT',
      hostname,
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : port,
      path: authority,
      agent: false,
      headers: {
        host: authority,
        ...(username !== '' && { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` }),
      },
    })
    const failed = (error: Error): void => callback?.(error, undefined as unknown as Duplex)
    request.once('error', failed)
    request.once('connect', (answer, socket) => {
      if (answer.statusCode !== 200) {
        socket.destroy()
        failed(new Error(`the proxy ${this.#proxy.host} answered ${answer.statusCode}`))
        return
      }
      const secured = tls.connect({ ...options, socket, servername: options.servername ?? options.host ?? '' })
      secured.setNoDelay(true)
      callback?.(null, secured)
    })
    request.end()
    return undefined
  }
}
