/** One request on its way: where its body ends, what of it may have to be sent again, and who gets a copy. */
import { BodyReader } from '../../lib/http1/body-reader.ts'
import { requestFraming } from '../../lib/http1/framing.ts'
import type { RequestHead } from '../../lib/http1/head.ts'
import type { UpgradeOffer } from '../http2/upgrade-offer.ts'
import type { Choice, Copy } from '../routing.ts'
import { KeptBytes } from './kept-bytes.ts'

/** Who takes nothing is asked no more often for one request. */
const MAX_TRIES = 3
const NOTHING: readonly Buffer[] = []
const NO_COPIES: readonly Copy[] = []

export class PassingRequest {
  readonly head: RequestHead
  readonly #body: BodyReader
  readonly #kept: KeptBytes
  readonly #hasBody: boolean
  #mayDrop = false
  #keeps = true
  #copies: readonly Copy[] = NO_COPIES
  #tries = 0
  readonly #offer: UpgradeOffer | undefined
  #isOffered = false

  /**
   * @param bytes of the head, without an offer of HTTP/2
   * @param offer of HTTP/2, for the app
   * Throws `BadMessage` when it is not clear where the body ends.
   */
  constructor(head: RequestHead, bytes: Buffer, offer?: UpgradeOffer) {
    this.head = head
    this.#offer = offer
    this.#body = new BodyReader(requestFraming(head))
    this.#hasBody = !this.#body.done
    this.#kept = new KeptBytes(bytes)
  }

  /** All of it was taken. */
  get isWhole(): boolean {
    return this.#body.done
  }

  /** All that was taken so far; undefined when it was too much to be kept, or is not kept any more. */
  get pieces(): readonly Buffer[] | undefined {
    return this.#kept.pieces
  }

  /** The same for whom it goes to; none when that is too much. Only the app gets an offer of HTTP/2, and not when others get a copy, which would have to go over too. */
  piecesFor({ to }: Choice): readonly Buffer[] {
    const pieces = this.#kept.pieces ?? NOTHING
    this.#isOffered = to === 'app' && this.#offer !== undefined && this.#copies.length === 0
    return this.#isOffered && this.#offer !== undefined ? [this.#offer.head, ...pieces.slice(1)] : pieces
  }

  /** The offer of HTTP/2 that whom it went to last may take. */
  get offer(): UpgradeOffer | undefined {
    return this.#isOffered ? this.#offer : undefined
  }

  /** Whether it may be sent once more (RFC 9110 §9.2.2): nothing of it is lost, and twice means the same as once. */
  get isRepeatable(): boolean {
    return !this.#hasBody && ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].includes(this.head.method)
  }

  /** Counts one more. @returns whether it may be sent once more to whom it was sent in vain */
  mayTryAgain(): boolean {
    return this.#kept.pieces !== undefined && ++this.#tries <= MAX_TRIES
  }

  /**
   * Follows the body.
   * @param payload gets its content
   * @returns how many of the client's next bytes belong to it. Throws `BadMessage`.
   */
  take(bytes: Buffer, payload?: (piece: Buffer) => void): number {
    const taken = this.#body.take(bytes, payload)
    if (taken === 0) return 0
    const own = bytes.subarray(0, taken)
    if (this.#keeps) this.#kept.add(own, this.#mayDrop)
    for (const copy of this.#copies) copy.request(own)
    if (this.isWhole) for (const copy of this.#copies) copy.requestEnd()
    return taken
  }

  /**
   * What was taken is under way.
   * @param mayComeBack it may have to be sent again, if it is not too much
   */
  wasSent(mayComeBack: boolean): void {
    this.#mayDrop = true
    // What has no body costs nothing to keep until it is answered.
    if (!mayComeBack && this.#hasBody) this.keepNoMore()
  }

  /** It will not be sent again. */
  keepNoMore(): void {
    this.#keeps = false
    this.#kept.release()
  }

  /** From now on these get what has been taken and what follows. */
  copyTo(copies: readonly Copy[]): void {
    this.#copies = copies
    for (const copy of copies) {
      for (const piece of this.pieces ?? []) copy.request(piece)
      if (this.isWhole) copy.requestEnd()
    }
  }

  /** What is passed to the client, of a final answer. */
  copyAnswer(bytes: Buffer): void {
    for (const copy of this.#copies) if (copy.wantsAnswer) copy.answer(bytes)
  }

  /** The exchange is over; `whole`: in order. */
  endCopies(whole: boolean): void {
    for (const copy of this.#copies) {
      if (!whole || !this.isWhole) copy.abort()
      else if (copy.wantsAnswer) copy.answerEnd()
    }
    this.#copies = NO_COPIES
  }
}
