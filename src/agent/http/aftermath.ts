/** What becomes of a client's connection when an exchange is over. */
import type { Exchange, Outcome } from './exchange.ts'
import { APP } from './upstream.ts'

export type Aftermath =
  /** The next request is read. */
  | { do: 'read on' }
  /** The request goes where it belongs now. */
  | { do: 'ask again' }
  /** The request goes to the app. */
  | { do: 'ask the app' }
  /** The connection ends in order. */
  | { do: 'close' }
  /** The client must see that what it has is not whole. */
  | { do: 'cut' }
  /** The agent itself answers; the connection ends with that. */
  | { do: 'answer'; status: number; code: string; text: string }

export function aftermath(
  { request, upstream, isFirst }: Exchange,
  outcome: Exclude<Outcome, { kind: 'goes over' }>,
): Aftermath {
  const ofApp = upstream.key === APP
  switch (outcome.kind) {
    case 'reuse':
      return { do: 'read on' }
    case 'close':
      return { do: 'close' }
    case 'speaks http2': {
      if (request.pieces !== undefined) return { do: 'ask again' }
      const text =
        'Who takes this request speaks HTTP/2 only, and its body is too large to be sent once more; the next one is asked so.'
      return { do: 'answer', status: 503, code: 'RC-E-310', text }
    }
    case 'declined': {
      if (request.pieces !== undefined) return { do: 'ask the app' }
      const text = 'The program on the laptop declined this request, whose body is too large to be sent once more.'
      return { do: 'answer', status: 502, code: 'RC-E-312', text }
    }
    case 'lost': {
      const { told, orderly, unheard, why } = outcome
      if (unheard === true && !told) {
        if (request.mayTryAgain()) return { do: 'ask again' }
        const text = `Whoever takes this request has not looked at it: ${why}. It may be sent again.`
        return { do: 'answer', status: 503, code: 'RC-E-310', text }
      }
      // A kept stream that ended just as the request came.
      const untouched = !told && !isFirst
      if (untouched && !ofApp && request.isRepeatable) return { do: 'ask again' }
      if (!ofApp && isFirst && !told) {
        return {
          do: 'answer',
          status: 503,
          code: 'RC-E-310',
          text: `The program on the laptop did not answer: ${why}.`,
        }
      }
      // Of the app too: the client asks again on a new connection (RFC 9112 §9.3.1).
      return { do: orderly || untouched ? 'close' : 'cut' }
    }
  }
}
