/** What filters ask of a request beside its head: its body, and who sent it. */
import type { Clock } from '../../lib/clock.ts'
import type { FilterNeeds } from '../../lib/filter/request.ts'
import type { ClientSource } from '../http/client-source.ts'
import type { Exchange } from './exchange.ts'
import { JsonBody } from './json-body.ts'
import { CONTINUE } from './own-answer.ts'

/** @returns the body as JSON, where it is looked into. Never rejects, and waits 10 s at most */
export async function learn(
  exchange: Exchange,
  needs: FilterNeeds,
  source: ClientSource,
  clock: Clock,
): Promise<unknown> {
  const { head, down } = exchange
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const isRead = needs.body && !exchange.isWhole && JsonBody.isLookedInto(head.list('content-type'), head.contentLength)
  if (isRead) {
    const body = new JsonBody(clock, resolve)
    exchange.learn((piece, isLast) => body.take(piece, isLast))
    if (head.list('expect').toLowerCase() === '100-continue') down.block(CONTINUE, false)
  } else {
    exchange.learn(() => {})
    resolve(undefined)
  }
  const [json] = await Promise.all([promise, needs.source ? source.learn() : undefined])
  return json
}
