/** What filters ask beside a request's head, found out before anybody is chosen; what is not known within its limits is absent. */
import type { Socket } from 'node:net'
import type { Clock } from '../../lib/clock.ts'
import type { FilterNeeds } from '../../lib/filter/request.ts'
import type { ClientSource } from './client-source.ts'
import { JsonBody } from './json-body.ts'
import type { PassingRequest } from './passing-request.ts'
import type { Unread } from './unread.ts'

export interface LearningOptions {
  request: PassingRequest
  needs: FilterNeeds
  source: ClientSource
  client: Socket
  clock: Clock
}

export class Learning {
  /** The body as JSON, where it is asked for; by then the source is known too. Never rejects. */
  readonly over: Promise<unknown>
  readonly #client: Socket
  readonly #body: JsonBody | undefined

  constructor({ request, needs, source, client, clock }: LearningOptions) {
    this.#client = client
    this.#body = needs.body ? new JsonBody(request, clock) : undefined
    if (this.#body?.isAwaited === true) client.write('HTTP/1.1 100 Continue\r\n\r\n')
    const learned = needs.source ? source.learn() : undefined
    this.over = Promise.all([this.#body?.read, learned]).then(([json]) => json)
  }

  /** Takes what it needs. Throws `BadMessage`. */
  read(unread: Unread): void {
    const body = this.#body
    if (body !== undefined && !body.isOver) unread.take(body.take(unread.bytes))
    if (body === undefined || body.isOver) this.#client.pause()
  }

  /** The client sends no more, or nobody waits any longer. */
  end(): void {
    this.#body?.end()
  }
}
