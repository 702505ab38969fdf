/** Answers that the agent itself gives. */
import { encodeBlock, field } from '../../lib/http2/hpack/encode.ts'

export interface OwnAnswer {
  block: Buffer
  body: Buffer
}

/** @param code of the catalogue */
export function ownAnswer(status: number, code: string, text: string): OwnAnswer {
  const body = Buffer.from(`${code}: ${text}\n`)
  const block = encodeBlock([
    field(':status', `${status}`),
    field('content-type', 'text/plain; charset=utf-8'),
    field('content-length', `${body.length}`),
    field('x-remocal-error', code),
  ])
  return { block, body }
}

/** Asks the client for its body. */
export const CONTINUE: Buffer = encodeBlock([field(':status', '100')])
