/** Which streams of a hop are open, which were, and which frames may still come for those that are over (RFC 9113 §5.1). */
import { ChurnMap, ChurnSet } from '../../lib/churn.ts'
import { unexpected } from '../../lib/http2/block-assembler.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { MAX_31 } from '../../lib/http2/frame.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'
import type { HopStream } from './hop-stream.ts'

/** Streams that we reset: what the peer sent before it knew is not wrong. Twice as many as may be open at once. */
const MAX_RESET_IDS = 2048

export class HopStreams {
  readonly open = new ChurnMap<number, HopStream>()
  /** Of those the peer opened, or of ours. */
  last = 0
  /** We have said GOAWAY: the peer may have opened streams before it read that. */
  isClosing = false
  readonly #isServer: boolean
  readonly #resetIds = new ChurnSet<number>()

  constructor(isServer: boolean) {
    this.#isServer = isServer
  }

  /** Ids are used up, nearly. */
  get isUsedUp(): boolean {
    return this.last > MAX_31 - 2
  }

  /** The next id of ours: the wished one where that may be. Ids may skip but never go back (RFC 9113 §5.1.1). */
  next(wished: number): number {
    this.last = Math.max(this.last === 0 ? 1 : this.last + 2, wished)
    return this.last
  }

  /** What still comes for it is no violation. */
  ignore(id: number): void {
    const ids = this.#resetIds
    const [first] = ids.size >= MAX_RESET_IDS ? ids : []
    if (first !== undefined) ids.delete(first)
    ids.add(id)
  }

  /** The stream of a frame; undefined when its peer may not know yet that it is over. Throws for those that were never or are no more. */
  known(id: number, type: number): HopStream | undefined {
    const stream = this.atMostClosed(id, type)
    if (stream !== undefined || this.#resetIds.has(id) || !this.#isServer) return stream
    throw new Http2Error(ERROR_CODE.STREAM_CLOSED, `a frame of type ${type} of a stream that is over`)
  }

  /** The same for what may come after the end. */
  atMostClosed(id: number, type: number): HopStream | undefined {
    const stream = this.open.get(id)
    if (stream === undefined && ((id & 1) === 0 || (id > this.last && !this.isClosing))) throw unexpected(type)
    return stream
  }
}
