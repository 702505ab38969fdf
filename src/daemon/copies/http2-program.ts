/** A program that speaks HTTP/2 only: one session for all copies, begun anew when it ends. */
import type { ClientHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { askHttp2, REFUSED } from './ask-http2.ts'
import { type Asked, failed } from './asked.ts'
import type { Http2Request } from './http2-request.ts'
import type { Keep } from './keep.ts'

/** MB that Node may hold for a session: all copies at once and their answers. Beyond it, it would refuse answers. */
const SESSION_MB = 96

const FOREIGN: Asked = failed({ kind: 'foreign', speaks: 'http1' })

interface Connection {
  session: ClientHttp2Session
  /** Its SETTINGS have come. */
  speaks: boolean
}

export interface Http2Copy {
  request: Http2Request
  keep: Keep | undefined
  signal: AbortSignal
  /** The program is there. */
  onReached(): void
}

/** Who answers there has said that it is no HTTP/2. */
export class NotHttp2 extends Error {}

export class Http2Program {
  readonly #open: () => Promise<Socket>
  #connection: Promise<Connection> | undefined
  #isClosed = false
  /** It has said so on the last connection, and is no guess any more. */
  speaks = false

  /** @param open connects to the program; paused. It may reject with `NotHttp2`. */
  constructor(open: () => Promise<Socket>) {
    this.#open = open
  }

  /** `foreign` when it does not speak HTTP/2. */
  async ask(copy: Http2Copy): Promise<Asked> {
    const asked = await this.#ask(copy)
    // It takes no more requests on that connection (RFC 9113 §8.7).
    return asked === REFUSED ? this.#ask(copy) : asked
  }

  close(): void {
    this.#isClosed = true
    this.#connection?.then(({ session }) => session.destroy()).catch(() => {})
  }

  async #ask({ request, keep, signal, onReached }: Http2Copy): Promise<Asked> {
    let connection: Connection
    try {
      connection = await this.#connected()
    } catch (error) {
      return error instanceof NotHttp2 ? FOREIGN : { kind: 'unheard' }
    }
    onReached()
    const { session } = connection
    const asked = await askHttp2(session, request, keep, signal)
    if (asked.kind !== 'failed' || connection.speaks || asked.why.kind === 'late') return asked
    return session.closed || session.destroyed ? FOREIGN : asked
  }

  /** One that takes requests. */
  async #connected(): Promise<Connection> {
    const earlier = this.#connection
    if (earlier !== undefined) {
      const connection = await earlier
      const { closed, destroyed } = connection.session
      if (!closed && !destroyed) return connection
      if (this.#connection === earlier) this.#connection = undefined
    }
    this.#connection ??= this.#begin()
    return this.#connection
  }

  #begin(): Promise<Connection> {
    const connection = this.#connect()
    const forget = (): void => {
      if (this.#connection === connection) this.#connection = undefined
    }
    connection.then(({ session }) => void session.on('goaway', forget).on('close', forget), forget)
    return connection
  }

  async #connect(): Promise<Connection> {
    // Most programs speak HTTP/1.1, and this costs memory.
    const { connect } = await import('node:http2')
    const socket = await this.#open()
    this.speaks = false
    // The session is over with its connection, and waits for that.
    socket.allowHalfOpen = false
    const session = connect('http://program', {
      createConnection: () => socket,
      settings: { enablePush: false },
      maxSessionMemory: SESSION_MB,
    })
    // It takes the reads over in the next tick, and does not begin them.
    process.nextTick(() => socket.resume())
    const connection: Connection = { session, speaks: false }
    session.on('remoteSettings', () => {
      connection.speaks = true
      this.speaks = true
    })
    // Streams hear of it.
    session.on('error', () => {})
    if (this.#isClosed) session.destroy()
    return connection
  }
}
