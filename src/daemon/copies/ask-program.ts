/**
 * Gives copied requests to the program in the HTTP that it speaks. What that is, is learnt from its first words: in HTTP/1.1 each copy has a connection of its own; who
 * answers that by HTTP/2 has understood nothing of it, and is asked again.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { InterceptPort } from '../../kube/resources.ts'
import { BadMessage } from '../../lib/http1/bad-message.ts'
import type { Program } from '../attachment/program.ts'
import { askHttp1 } from './ask-http1.ts'
import { type Asked, failed } from './asked.ts'
import { Http2Program, NotHttp2 } from './http2-program.ts'
import { http2Request } from './http2-request.ts'
import type { Keep } from './keep.ts'

export interface AskOptions {
  port: InterceptPort
  /** It came in TLS. */
  isSecure: boolean
  request: Buffer
  method: string
  /** The answer is kept, within this. */
  keep: Keep | undefined
  /** Aborted when it takes too long. */
  signal: AbortSignal
  /** The program is there; once. */
  onReached(): void
}

/** A program in TLS chose no HTTP by ALPN, and closed without a word: that is how servers go that take HTTP/2 only. */
const WORDLESS = 'wordless'
const CLOSED: Asked = failed({ kind: 'closed', isSilent: true })

export class ProgramAsker {
  readonly #program: Program
  /** Those that speak HTTP/2 only, by port and TLS. */
  readonly #http2 = new Map<string, Http2Program>()
  #isClosed = false

  constructor(program: Program) {
    this.#program = program
  }

  async ask(options: AskOptions): Promise<Asked> {
    const key = `${options.port.target} ${options.isSecure}`
    let isReached = false
    const onReached = (): void => {
      if (!isReached) options.onReached()
      isReached = true
    }
    const asked = await this.#ask(key, { ...options, onReached })
    // It was there for the first half.
    return asked.kind === 'unheard' && isReached ? CLOSED : asked
  }

  /** The wiretap has ended. */
  close(): void {
    this.#isClosed = true
    for (const program of this.#http2.values()) program.close()
    this.#http2.clear()
  }

  async #ask(key: string, options: AskOptions): Promise<Asked> {
    const known = this.#http2.get(key)
    if (known !== undefined) {
      const asked = await this.#askHttp2(key, known, options)
      if (!isForeign(asked)) return asked
    }
    const asked = await this.#askHttp1(options)
    if (asked !== WORDLESS && !isForeign(asked, 'http2')) return asked
    if (this.#isClosed) return CLOSED
    const found = this.#http2.get(key) ?? this.#http2Program(options, asked === WORDLESS)
    this.#http2.set(key, found)
    const again = await this.#askHttp2(key, found, options)
    return asked === WORDLESS && isForeign(again) ? CLOSED : again
  }

  #http2Program({ port, isSecure }: AskOptions, mustChoose: boolean): Http2Program {
    return new Http2Program(() => this.#connectHttp2(port, isSecure, mustChoose))
  }

  async #askHttp1({ port, isSecure, ...options }: AskOptions): Promise<Asked | typeof WORDLESS> {
    let socket: Socket
    try {
      // What a copy's client had asked for is not told.
      const secure = isSecure ? { servername: '', protocol: 'http/1.1' } : undefined
      socket = await this.#program.connect(port, secure)
    } catch (error) {
      return refusesProtocol(error) ? failed({ kind: 'foreign', speaks: 'http2' }) : { kind: 'unheard' }
    }
    options.onReached()
    const choseNone = socket instanceof TLSSocket && socket.alpnProtocol === false
    const asked = await askHttp1({ socket, ...options })
    const isWordless = asked.kind === 'failed' && asked.why.kind === 'closed' && asked.why.isSilent
    return isWordless && choseNone ? WORDLESS : asked
  }

  async #askHttp2(key: string, program: Http2Program, options: AskOptions): Promise<Asked> {
    const { port, isSecure, request, keep, signal, onReached } = options
    try {
      const said = http2Request(request, isSecure ? 'https' : 'http', `localhost:${port.port}`)
      const asked = await program.ask({ request: said, keep, signal, onReached })
      if (isForeign(asked) || (isLate(asked) && !program.speaks)) this.#forget(key, program)
      return asked
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error
      onReached()
      return failed({ kind: 'unspeakable', reason: error.message })
    }
  }

  /** @param mustChoose it is a guess: only who chooses HTTP/2 gets it */
  async #connectHttp2(port: InterceptPort, isSecure: boolean, mustChoose: boolean): Promise<Socket> {
    let socket: Socket
    try {
      socket = await this.#program.connect(port, isSecure ? { servername: '', protocol: 'h2' } : undefined)
    } catch (error) {
      throw refusesProtocol(error) ? new NotHttp2() : error
    }
    const chosen = socket instanceof TLSSocket ? socket.alpnProtocol : undefined
    if (chosen === 'h2' || !(mustChoose || typeof chosen === 'string')) return socket
    socket.destroy()
    throw new NotHttp2()
  }

  #forget(key: string, program: Http2Program): void {
    program.close()
    if (this.#http2.get(key) === program) this.#http2.delete(key)
  }
}

function isForeign(asked: Asked | typeof WORDLESS, speaks?: 'http2'): boolean {
  if (asked === WORDLESS || asked.kind !== 'failed' || asked.why.kind !== 'foreign') return false
  return speaks === undefined || asked.why.speaks === speaks
}

function isLate(asked: Asked): boolean {
  return asked.kind === 'failed' && asked.why.kind === 'late'
}

/** A server of TLS speaks no protocol that it was offered (RFC 7301 §3.2). */
function refusesProtocol(error: unknown): boolean {
  return /NO_APPLICATION_PROTOCOL/.test((error as NodeJS.ErrnoException).code ?? '')
}
