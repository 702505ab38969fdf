/** The chunked coding, written (RFC 9112 §7.1). */
import type { HeadFields } from '../messages/head-fields.ts'

const END = Buffer.from('\r\n')
const NONE: Buffer[] = []

/** @returns buffers to be sent in their order; none for no bytes, since an empty chunk is the last one */
export function chunkOf(bytes: Buffer): Buffer[] {
  return bytes.length === 0 ? NONE : [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, END]
}

/** @param trailers checked ones */
export function lastChunk(trailers?: HeadFields): Buffer {
  const lines = trailers?.headers.filter(([name]) => name !== 'te').map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`0\r\n${lines?.join('') ?? ''}\r\n`, 'latin1')
}
