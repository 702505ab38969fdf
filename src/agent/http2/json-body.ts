/** The body of a request, read before anybody is asked who answers it: only where a filter looks into bodies. */
import type { Clock, Timer } from '../../lib/clock.ts'
import { MAX_BODY_BYTES } from '../http/json-body.ts'

/** A client that is slower is not waited for: its request is decided without its body. */
const READ_MS = 10_000

export class JsonBody {
  readonly #done: (json: unknown) => void
  readonly #timer: Timer
  #pieces: Buffer[] = []
  #size = 0
  #over = false

  /** @param done called once with the body as JSON; undefined when it is none, too long or too slow */
  constructor(clock: Clock, done: (json: unknown) => void) {
    this.#done = done
    this.#timer = clock.after(READ_MS, () => this.end())
  }

  /** Whether a body of this kind is looked into at all. */
  static isLookedInto(contentType: string, contentLength: number | undefined): boolean {
    return /^[^;]*[/+]json[ \t]*(?:;|$)/i.test(contentType) && (contentLength ?? 0) <= MAX_BODY_BYTES
  }

  /** @param piece is kept */
  take(piece: Buffer, isLast: boolean): void {
    if (this.#over) return
    this.#size += piece.length
    this.#pieces.push(piece)
    if (this.#size > MAX_BODY_BYTES) this.end()
    else if (isLast) this.#finish(parsed(Buffer.concat(this.#pieces)))
  }

  /** No more comes, or nobody waits any longer. */
  end(): void {
    this.#finish(undefined)
  }

  /** Nobody wants it. */
  cancel(): void {
    this.#over = true
    this.#timer.cancel()
    this.#pieces = []
  }

  #finish(json: unknown): void {
    if (this.#over) return
    this.cancel()
    this.#done(json)
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
