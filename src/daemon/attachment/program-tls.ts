/** Connections to the laptop's program whose requests came in TLS: in TLS too when the program speaks it. */
import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { withReset } from '../../wire/session/tls-socket.ts'

/** What a client had asked for. */
export interface Secure {
  servername: string
  protocol?: string | undefined
}

export interface ProgramTlsOptions {
  /** The user says that it speaks none. */
  plaintext: boolean
  now(): number
}

/** So long it is known that a program speaks no TLS: it may be started anew with it. */
const PLAIN_MS = 60_000
/** A server of TLS answers a client that has spoken; who is silent for so long waits for something else. */
const ANSWER_MS = 1500

export class ProgramTls {
  readonly #options: ProgramTlsOptions
  /** Ports that speak none, and since when that is known. */
  readonly #plain = new Map<number, number>()

  constructor(options: ProgramTlsOptions) {
    this.#options = options
  }

  /**
   * @param open connects to the program
   * @returns paused. Rejects as `open` does, or when the program speaks TLS and refuses.
   */
  async connect(port: number, secure: Secure, open: () => Promise<Socket>): Promise<Socket> {
    const { plaintext, now } = this.#options
    if (plaintext) return open()
    const since = this.#plain.get(port)
    if (since !== undefined && now() - since < PLAIN_MS) {
      try {
        return await open()
      } catch (error) {
        // What comes after it may be another program.
        this.#plain.delete(port)
        throw error
      }
    }
    const below = await open()
    try {
      const socket = await begun(below, secure)
      this.#plain.delete(port)
      return socket
    } catch (error) {
      if (speaksTls(error as NodeJS.ErrnoException)) throw error
      this.#plain.set(port, now())
      return open()
    }
  }
}

/** Who answers with an alert has understood. */
function speaksTls({ code = '' }: NodeJS.ErrnoException): boolean {
  return /^ERR_SSL_.*ALERT/.test(code)
}

async function begun(below: Socket, { servername, protocol }: Secure): Promise<TLSSocket> {
  const socket = withReset(
    connect({
      socket: below,
      // The program on this laptop is whom the user means, whatever its certificate says.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(servername !== '' && isIP(servername) === 0 && { servername }),
      ...(protocol !== undefined && { ALPNProtocols: [protocol] }),
    }),
    below,
  )
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const closed = (): void => reject(new Error('closed'))
  socket.once('secureConnect', resolve).once('close', closed).on('error', reject)
  socket.setTimeout(ANSWER_MS, () => reject(new Error('silent')))
  try {
    await promise
    socket.setTimeout(0)
    socket.allowHalfOpen = true
    return socket.pause()
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    socket.off('close', closed)
  }
}
