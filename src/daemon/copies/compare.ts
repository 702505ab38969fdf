/** The program's answer to a copy beside the app's. */
import { type Answer, type Compared, diffAnswers } from '../../lib/diff/answers.ts'
import type { Ignored } from '../../lib/diff/ignored.ts'
import { BadMessage } from '../../lib/http1/head.ts'
import { AnswerReader } from './answer-reader.ts'
import type { Asked } from './ask-program.ts'

const FAILED: Record<(Asked & { kind: 'failed' })['why'], string> = {
  late: 'none within 30 s',
  closed: 'none: the connection was closed',
  unreadable: 'none that can be read',
  larger: 'larger than 1 MiB',
}

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

export async function compare(app: Answer, asked: Asked, ignored: Ignored): Promise<Compared> {
  if (asked.kind === 'failed') return missing(app, FAILED[asked.why])
  const laptop = await asked.reader.answer()
  return laptop === undefined ? missing(app, FAILED.unreadable) : diffAnswers(app, laptop, ignored)
}

function missing({ status, body }: Answer, laptop: string): Compared {
  return { differences: [{ field: 'answer', app: `${status} with ${body.length} bytes`, laptop }], more: 0 }
}
