/** Gives one copied request to the program and reads its answer. */
import type { Socket } from 'node:net'
import type { Budget } from '../../lib/budget.ts'
import { MAX_COPY_BYTES } from '../../wire/messages/copies.ts'
import { AnswerReader } from './answer-reader.ts'

export type Asked =
  /** Whole. `reader` gives it where it was to be kept. */
  | { kind: 'answered'; reader: AnswerReader }
  /** Why there is no whole answer. `larger`: larger than what is compared. */
  | { kind: 'failed'; why: 'late' | 'closed' | 'unreadable' | 'larger' }

export interface AskOptions {
  /** Connected and paused. It is closed when this resolves. */
  socket: Socket
  request: Buffer
  method: string
  /** The answer is kept, within this budget. The caller gives back what was taken: `onKept` says how much. */
  keep: Budget | undefined
  onKept(bytes: number): void
  /** Aborted when it takes too long. */
  signal: AbortSignal
}

export async function askProgram({ socket, request, method, keep, onKept, signal }: AskOptions): Promise<Asked> {
  const reader = new AnswerReader(method, keep !== undefined)
  const { promise, resolve } = Promise.withResolvers<Asked>()
  const fail = (why: (Asked & { kind: 'failed' })['why']): void => resolve({ kind: 'failed', why })
  const late = (): void => fail('late')
  let kept = 0
  socket.on('data', (bytes: Buffer) => {
    if (keep !== undefined) {
      kept += bytes.length
      if (kept > MAX_COPY_BYTES || !keep.take(bytes.length)) return fail('larger')
      onKept(bytes.length)
    }
    try {
      reader.take(bytes)
    } catch {
      fail('unreadable')
    }
    if (reader.isDone) resolve({ kind: 'answered', reader })
  })
  socket.on('end', () => {
    reader.end()
    if (reader.isDone) resolve({ kind: 'answered', reader })
    else fail('closed')
  })
  socket.on('error', () => fail('closed'))
  socket.on('close', () => fail('closed'))
  signal.addEventListener('abort', late)
  if (signal.aborted) late()
  socket.write(request)
  socket.resume()
  const asked = await promise
  signal.removeEventListener('abort', late)
  socket.destroy()
  return asked
}
