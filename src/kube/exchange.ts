/** One call to the API server: time limit, refusals and silences as faults, the answer as text or as a stream. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../lib/clock.ts'
import { Fault } from '../lib/fault.ts'
import { ApiRefusal, type Asked, connectionFault, refusalFault, type Verb } from './api-fault.ts'
import { type ObjectPath, urlPath } from './path.ts'
import type { Transport } from './transport.ts'

export type Query = Record<string, string | number | boolean | undefined>

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  verb: Verb
  path: ObjectPath
  query?: Query
  body?: object
  contentType?: string
  /** Path of the URL when it is no object's. */
  url?: string
}

/** A busy API server (429) is asked again at most this often. */
const RETRIES = 3

export class Exchange {
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #timeoutMs: number

  constructor(transport: Transport, clock: Clock, timeoutMs: number) {
    this.#transport = transport
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** The whole answer, within the time limit. */
  async text(call: Call, signal?: AbortSignal): Promise<string> {
    for (let attempt = 0; ; attempt++) {
      const limit = this.#limit(signal)
      try {
        return await readText(await this.#open(call, limit.signal))
      } catch (error) {
        const wait = attempt < RETRIES && error instanceof ApiRefusal ? retryAfterMs(error) : undefined
        if (wait === undefined) throw this.#explain(error, call, signal, limit.signal)
        await this.#sleep(wait, signal)
      } finally {
        limit.release()
      }
    }
  }

  /** The answer's head within the time limit; its body has none, and lives until `signal`. */
  async stream(call: Call, signal: AbortSignal): Promise<IncomingMessage> {
    const limit = this.#limit(signal)
    try {
      const answer = await this.#open(call, limit.signal)
      limit.disarm()
      answer.once('close', limit.release)
      return answer
    } catch (error) {
      limit.release()
      throw this.#explain(error, call, signal, limit.signal)
    }
  }

  async #open(
    { method, path, query = {}, body, contentType, url }: Call,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const answer = await this.#transport.request({
      method,
      path: (url ?? urlPath(path)) + queryString(query),
      signal,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': contentType ?? 'application/json' },
      }),
    })
    const status = answer.statusCode ?? 0
    if (status < 400) return answer
    throw new ApiRefusal(status, await readText(answer), answer.headers['retry-after'])
  }

  #explain(error: unknown, { verb, path }: Call, outer: AbortSignal | undefined, limit: AbortSignal): unknown {
    if (error instanceof Fault) return error
    if (outer?.aborted) return outer.reason
    const { server, name: target } = this.#transport.target
    const asked: Asked = { verb, path, server, target }
    if (error instanceof ApiRefusal) return refusalFault(error, asked)
    return connectionFault(limit.aborted ? limit.reason : error, asked)
  }

  /** A signal that fires with `outer` or when the time is over. */
  #limit(outer: AbortSignal | undefined): { signal: AbortSignal; disarm(): void; release(): void } {
    const controller = new AbortController()
    const onOuter = (): void => controller.abort(outer?.reason)
    if (outer?.aborted) onOuter()
    outer?.addEventListener('abort', onOuter, { once: true })
    const timer = this.#clock.after(this.#timeoutMs, () => {
      controller.abort(Object.assign(new Error(`no answer within ${this.#timeoutMs / 1000} s`), { code: 'TIMEOUT' }))
    })
    return {
      signal: controller.signal,
      disarm: () => timer.cancel(),
      release: () => {
        timer.cancel()
        outer?.removeEventListener('abort', onOuter)
      },
    }
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        timer.cancel()
        reject(signal?.reason)
      }
      const timer = this.#clock.after(ms, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }
}

/** The wait that a busy server asks for; undefined when the refusal is final. */
function retryAfterMs({ status, retryAfterSeconds }: ApiRefusal): number | undefined {
  if (status !== 429 || retryAfterSeconds === undefined || retryAfterSeconds > 5) return undefined
  return retryAfterSeconds * 1000
}

export function queryString(query: Query): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [[key, String(value)] as [string, string]],
  )
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
