/** The body of a request, read before anybody is asked who answers it: only where a filter looks into bodies. */
import type { Clock, Timer } from '../../lib/clock.ts'
import { readJson } from '../../lib/filter/json.ts'
import { GrowingBytes } from './growing-bytes.ts'
import type { PassingRequest } from './passing-request.ts'

export const MAX_BODY_BYTES = 64 * 1024
/** With the chunks' own lines. */
const MAX_SENT_BYTES = 2 * MAX_BODY_BYTES
/** A client that is slower is not waited for: its request is decided without its body. */
const READ_MS = 10_000

export class JsonBody {
  /** The body as JSON; undefined when it is none, too long or too slow. Never rejects. */
  readonly read: Promise<unknown>
  readonly #request: PassingRequest
  readonly #timer: Timer | undefined
  readonly #resolve: (json: unknown) => void
  readonly #content = new GrowingBytes()
  #sent = 0
  #over = false

  constructor(request: PassingRequest, clock: Clock) {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    this.read = promise
    this.#resolve = resolve
    this.#request = request
    const { fields } = request.head
    if (request.isWhole || !isJson(fields.list('content-type')) || fields.length > MAX_BODY_BYTES)
      this.#finish(undefined)
    else this.#timer = clock.after(READ_MS, () => this.end())
  }

  /** Nothing more is taken of the client. */
  get isOver(): boolean {
    return this.#over
  }

  /** The client sends its body only when it is asked to (RFC 9110 §10.1.1). */
  get isAwaited(): boolean {
    const { fields, minor } = this.#request.head
    return !this.#over && fields.expects && minor === 1
  }

  /** @returns how many of the client's bytes it took. Throws `BadMessage`. */
  take(bytes: Buffer): number {
    const taken = this.#request.take(bytes.subarray(0, MAX_SENT_BYTES - this.#sent), (piece) =>
      this.#content.add(piece),
    )
    this.#sent += taken
    if (this.#content.length > MAX_BODY_BYTES || this.#sent === MAX_SENT_BYTES) this.#finish(undefined)
    else if (this.#request.isWhole) this.#finish(parsed(this.#content.bytes))
    return taken
  }

  /** No more comes, or nobody waits any longer. */
  end(): void {
    this.#finish(undefined)
  }

  #finish(json: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#timer?.cancel()
    this.#content.clear()
    this.#resolve(json)
  }
}

function isJson(contentType: string): boolean {
  return /^[^;]*[/+]json[ \t]*(?:;|$)/i.test(contentType)
}

function parsed(bytes: Buffer): unknown {
  try {
    return readJson(bytes.toString())
  } catch {
    return undefined
  }
}
