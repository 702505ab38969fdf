/** The body of a request, as an object. */
import type { IncomingMessage } from 'node:http'
import { decodeProtobuf } from './protobuf.ts'
import { badRequest, StatusError } from './status.ts'

const MAX_BODY_BYTES = 8 * 1024 * 1024

/** Undefined when there is none. Throws 400, 413 and 415. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    pieces.push(piece)
    bytes += piece.length
    if (bytes > MAX_BODY_BYTES) throw new StatusError(413, 'RequestEntityTooLarge', 'the body is too large')
  }
  if (bytes === 0) return undefined
  const body = Buffer.concat(pieces)
  const type = request.headers['content-type'] ?? ''
  if (type.includes('protobuf')) return decodeProtobuf(body)
  // A server-side apply is refused by its verb, with a sentence of its own.
  if (type.includes('apply-patch')) return undefined
  if (type.includes('yaml') || type.includes('cbor'))
    throw new StatusError(415, 'UnsupportedMediaType', `the sandbox takes JSON and protobuf, not ${type}`)
  try {
    return JSON.parse(body.toString())
  } catch (error) {
    throw badRequest(`the body is not JSON: ${(error as Error).message}`)
  }
}
