/** What became of a copy at the program. */
import type { Answer } from '../../lib/diff/answers.ts'

export type Asked =
  /** Whole. */
  | { kind: 'answered'; answer: WholeAnswer }
  /** There is no whole answer. */
  | { kind: 'failed'; why: Failure }
  /** Nothing listens. */
  | { kind: 'unheard' }

export interface WholeAnswer {
  /** Decoded; undefined when it was not to be kept. */
  answer(): Promise<Answer | undefined>
}

export type Failure =
  | { kind: 'late' }
  /** `isSilent`: without a word. */
  | { kind: 'closed'; isSilent: boolean }
  /** Larger than what is compared. */
  | { kind: 'larger' }
  /** What came is no answer of the protocol in which it was asked. */
  | { kind: 'unreadable'; reason: string }
  /** Asked in one HTTP it answered in something else. `speaks`: what that may be. */
  | { kind: 'foreign'; speaks: 'http2' | 'http1' | 'nothing' }
  /** It gave this request up. @param code of HTTP/2 (RFC 9113 §7) */
  | { kind: 'reset'; code: number }
  /** HTTP/2 cannot say the request. */
  | { kind: 'unspeakable'; reason: string }

export function failed(why: Failure): Asked {
  return { kind: 'failed', why }
}
