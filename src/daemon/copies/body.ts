/** Bodies as programs meant them: without content codings (RFC 9110 §8.4). */
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib'

/** A body that is larger decoded is not decoded: a few bytes can claim to be gigabytes. */
export const MAX_DECODED_BYTES: number = 8 * 1024 * 1024

const DECODERS: Record<string, (body: Buffer) => Promise<Buffer>> = {
  gzip: bounded(gunzip),
  'x-gzip': bounded(gunzip),
  br: bounded(brotliDecompress),
  // Some send the bare stream (RFC 9110 §8.4.1.2).
  deflate: (body) => bounded(inflate)(body).catch(() => bounded(inflateRaw)(body)),
  identity: async (body) => body,
}

type Decode = (
  body: Buffer,
  options: { maxOutputLength: number },
  done: (error: Error | null, out: Buffer) => void,
) => void

function bounded(decode: Decode): (body: Buffer) => Promise<Buffer> {
  const decoded = promisify(decode)
  return (body) => decoded(body, { maxOutputLength: MAX_DECODED_BYTES })
}

/** @param codings value of Content-Encoding. The body itself when they are not known, are not what they say, or it would be too large. */
export async function decodeBody(body: Buffer, codings: string): Promise<Buffer> {
  const names = codings
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  let decoded = body
  try {
    for (const name of names.reverse()) {
      const decode = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
      if (decode === undefined) return body
      if (decoded.length > 0) decoded = await decode(decoded)
    }
  } catch {
    return body
  }
  return decoded
}
