/** Gives one copied request to the program in HTTP/1.1, byte by byte as it came, and reads its answer. */
import type { Socket } from 'node:net'
import { beginsAsHttp2 } from '../../lib/http2/preface.ts'
import { AnswerReader } from './answer-reader.ts'
import { type Asked, type Failure, failed } from './asked.ts'
import type { Keep } from './keep.ts'

export interface AskHttp1Options {
  /** Connected and paused. It is closed when this resolves. */
  socket: Socket
  request: Buffer
  method: string
  /** The answer is kept, within this. */
  keep: Keep | undefined
  /** Aborted when it takes too long. */
  signal: AbortSignal
}

const VERSION = Buffer.from('HTTP/1.')

export async function askHttp1({ socket, request, method, keep, signal }: AskHttp1Options): Promise<Asked> {
  const reader = new AnswerReader(method, keep !== undefined)
  const { promise, resolve } = Promise.withResolvers<Asked>()
  const fail = (why: Failure): void => resolve(failed(why))
  const late = (): void => fail({ kind: 'late' })
  let isSilent = true
  const closed = (): void => fail({ kind: 'closed', isSilent })
  socket.on('data', (bytes: Buffer) => {
    const foreign = isSilent ? foreignTo(bytes) : undefined
    isSilent = false
    if (foreign !== undefined) return fail(foreign)
    if (keep?.take(bytes.length) === false) return fail({ kind: 'larger' })
    try {
      reader.take(bytes)
    } catch (error) {
      fail({ kind: 'unreadable', reason: (error as Error).message })
    }
    if (reader.isDone) resolve({ kind: 'answered', answer: reader })
  })
  socket.on('end', () => {
    reader.end()
    if (reader.isDone) resolve({ kind: 'answered', answer: reader })
    else closed()
  })
  socket.on('error', closed)
  socket.on('close', closed)
  signal.addEventListener('abort', late)
  if (signal.aborted) late()
  socket.write(request)
  socket.resume()
  const asked = await promise
  signal.removeEventListener('abort', late)
  socket.destroy()
  return asked
}

/** @param bytes the first ones of all @returns undefined when they may be an answer of HTTP/1 */
function foreignTo(bytes: Buffer): Failure | undefined {
  const both = Math.min(bytes.length, VERSION.length)
  if (VERSION.compare(bytes, 0, both, 0, both) === 0) return undefined
  return { kind: 'foreign', speaks: beginsAsHttp2(bytes) ? 'http2' : 'nothing' }
}
