/** The program's answer to a copy beside the app's. */
import { type Answer, type Compared, diffAnswers } from '../../lib/diff/answers.ts'
import type { Ignored } from '../../lib/diff/ignored.ts'
import { BadMessage } from '../../lib/http1/head.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { AnswerReader } from './answer-reader.ts'
import type { Asked, Failure } from './asked.ts'

function textOf(why: Failure): string {
  switch (why.kind) {
    case 'late':
      return 'none within 30 s'
    case 'closed':
      return 'none: the connection was closed'
    case 'larger':
      return 'larger than 1 MiB'
    case 'unreadable':
      return `none that can be read: ${why.reason}`
    case 'foreign':
      return `none: it does not speak ${why.speaks === 'http1' ? 'HTTP/2' : 'HTTP/1.1'}`
    case 'reset':
      return `none: it gave the request up (${CODES.get(why.code) ?? `code ${why.code}`})`
    case 'unspeakable':
      return `none: HTTP/2, which it speaks, cannot say the request (${why.reason})`
  }
}

const CODES: ReadonlyMap<number, string> = new Map(Object.entries(ERROR_CODE).map(([name, code]) => [code, name]))

/** The app's answer from its bytes, which are whole; undefined when they are no answer. */
export async function readAnswer(bytes: Buffer, method: string): Promise<Answer | undefined> {
  const reader = new AnswerReader(method, true)
  try {
    reader.take(bytes)
  } catch (error) {
    if (error instanceof BadMessage) return undefined
    throw error
  }
  reader.end()
  return reader.answer()
}

/** @param asked the program was there */
export async function compare(
  app: Answer,
  asked: Exclude<Asked, { kind: 'unheard' }>,
  ignored: Ignored,
): Promise<Compared> {
  if (asked.kind === 'failed') return missing(app, textOf(asked.why))
  const laptop = await asked.answer.answer()
  return laptop === undefined ? missing(app, 'none') : diffAnswers(app, laptop, ignored)
}

function missing({ status, body }: Answer, laptop: string): Compared {
  return { differences: [{ field: 'answer', app: `${status} with ${body.length} bytes`, laptop }], more: 0 }
}
