/** Answers that the agent itself gives. */
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { encodeBlock, field } from '../../lib/http2/hpack/encode.ts'
import { grpcAnswer } from './grpc-answer.ts'
import type { HopStream } from './hop-stream.ts'

export interface OwnAnswer {
  status: number
  /** Of the catalogue. */
  code: string
  text: string
  /** The request is a HEAD: no body follows. */
  isHead: boolean
  /** The request is a gRPC call. */
  isGrpc: boolean
}

/** Answers the request of a client. Of one that is not whole the rest is not wanted (RFC 9113 §8.1). */
export function answerItself(down: HopStream, { status, code, text, isHead, isGrpc }: OwnAnswer): void {
  if (isGrpc) down.block(grpcAnswer(status, code, text), true)
  else answerHttp(down, status, code, text, isHead)
  if (!down.gotEnd) down.resetBehind(ERROR_CODE.NO_ERROR)
}

function answerHttp(down: HopStream, status: number, code: string, text: string, isHead: boolean): void {
  const body = Buffer.from(`${code}: ${text}\n`)
  const block = encodeBlock([
    field(':status', `${status}`),
    field('content-type', 'text/plain; charset=utf-8'),
    field('content-length', `${body.length}`),
    field('x-remocal-error', code),
  ])
  down.block(block, isHead)
  if (!isHead) down.hold(body, true)
}

/** Asks the client for its body. */
export const CONTINUE: Buffer = encodeBlock([field(':status', '100')])
