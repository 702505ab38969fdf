/** Answers of long calls: lines as they come; after `done` the answer stays open, and what was made ends with it unless the caller keeps it. */
import type { ServerResponse } from 'node:http'
import type { Progress } from '../lib/daemon-api.ts'
import type { Fault } from '../lib/fault.ts'
import type { Holding, Teller } from './calls/context.ts'

/** Events that a caller does not read, a stopped one perhaps, are not kept beyond this. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024

export interface LongAnswersOptions {
  /** What a caller is told of what was thrown. */
  faultOf(error: unknown): Fault
}

export class LongAnswers {
  readonly #options: LongAnswersOptions
  /** Made and told, but not known to have been heard of. */
  readonly #offered = new Map<string, () => void>()

  constructor(options: LongAnswersOptions) {
    this.#options = options
  }

  /**
   * Answers one call. What stays without its caller is taken away again too, until the caller said `keep`: one that is interrupted
   * at the last moment knows of nothing.
   */
  async answer(
    response: ServerResponse,
    call: (signal: AbortSignal, tell: Teller) => Promise<Holding<unknown>>,
  ): Promise<void> {
    const signal = closedSignal(response)
    const say = (line: Progress<unknown>): void => {
      if (response.writable) response.write(`${JSON.stringify(line)}\n`)
    }
    response.writeHead(200, { 'content-type': 'application/jsonl' })
    response.flushHeaders()
    let holding: Holding<unknown> | undefined
    try {
      signal.throwIfAborted()
      holding = await call(signal, {
        step: (text) => say({ kind: 'step', text }),
        warning: (text) => say({ kind: 'warning', text }),
        event(event) {
          const reads = response.writableLength < MAX_UNREAD_BYTES
          if (reads) say({ kind: 'event', event })
          return reads
        },
      })
      if (signal.aborted) return
      const over = Promise.withResolvers<Fault | 'kept' | 'closed'>()
      signal.addEventListener('abort', () => over.resolve('closed'))
      void holding.lost.then(over.resolve)
      if (holding.stays !== undefined) this.#offered.set(holding.stays, () => over.resolve('kept'))
      say({ kind: 'done', result: holding.result })
      const how = await over.promise
      if (holding.stays !== undefined) this.#offered.delete(holding.stays)
      if (how === 'kept') holding = undefined
      else if (how !== 'closed') say({ kind: 'failed', fault: how.toJSON() })
    } catch (error) {
      if (!signal.aborted) say({ kind: 'failed', fault: this.#options.faultOf(error).toJSON() })
    } finally {
      await holding?.end()
      response.end()
    }
  }

  /** The caller has heard of it: it stays until `leave`. @returns false when there is nothing of that name any more */
  keep(name: string): boolean {
    const kept = this.#offered.get(name)
    kept?.()
    return kept !== undefined
  }
}

/** Aborted when the caller goes before it has its answer, or has gone already. */
export function closedSignal(response: ServerResponse): AbortSignal {
  const abort = new AbortController()
  const gone = (): void => abort.abort(new Error('the caller is gone'))
  if (response.destroyed || response.closed) gone()
  else response.on('close', gone)
  return abort.signal
}
