/** A connection of which it is not clear yet what it speaks, with both ends connected: listened to until it is. */
import type { Socket } from 'node:net'
import type { Clock } from '../../lib/clock.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { beginsTls } from '../tls/client-hello.ts'
import { isOpen, looksLikeHttp, speaksHttp2 } from './first-bytes.ts'
import { type Word, waitForEither } from './wait-for-either.ts'

/** What a client says is held for so long while it may become a request. */
const HELD_MS = 1000

export type Heard =
  /** `told`: the other end got some of these bytes, and must get nothing else on this stream. */
  | { speaks: 'http'; bytes: Buffer; told: boolean }
  | { speaks: 'http2'; bytes: Buffer }
  /** Perhaps; the other end got nothing. */
  | { speaks: 'tls'; bytes: Buffer }
  /** All that the client said is passed on; the last word, if it is the other end's, is not. */
  | { speaks: 'other'; last: Word }

/**
 * What stays open is held for a second, then passed on; it can turn out to be a request still, until the other end answers. Rejects when the
 * connection is lost.
 * @param first of the client's bytes, which the other end has got
 */
export async function hearBoth(client: Socket, stream: Stream, first: Buffer, clock: Clock): Promise<Heard> {
  let bytes = first
  let told = first.length
  let time: AbortController | undefined
  for (;;) {
    const last: Word = client.readableEnded ? { by: 'client end' } : await waitForEither(client, stream, time?.signal)
    if (last.by === 'client') bytes = Buffer.concat([bytes, last.bytes])
    if (speaksHttp2(bytes) === true) return { speaks: 'http2', bytes }
    if (looksLikeHttp(bytes)) return { speaks: 'http', bytes, told: told > 0 }
    if (last.by === 'client' && told === 0 && beginsTls(bytes)) return { speaks: 'tls', bytes }
    const open = (last.by === 'client' || last.by === 'time') && isOpen(bytes)
    if (open && last.by === 'client' && told === 0) {
      time ??= after(HELD_MS, clock)
      continue
    }
    time = undefined
    if (told < bytes.length) stream.send(bytes.subarray(told))
    told = bytes.length
    if (!open) return { speaks: 'other', last }
  }
}

function after(ms: number, clock: Clock): AbortController {
  const time = new AbortController()
  clock.after(ms, () => time.abort())
  return time
}
