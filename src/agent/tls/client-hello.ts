/** What a client of TLS says first (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2), read as far as routing needs it: the name and the protocols that it asks for. */

import { ByteReader } from './byte-reader.ts'

export interface ClientHello {
  /** Server name (RFC 6066 §3), in lower case; `""` when the client gives none. */
  servername: string
  /** Application protocols (RFC 7301), in the client's order. */
  protocols: readonly string[]
}

/** `more`: it is not whole yet. `none`: it is no ClientHello that we can read. */
export type ReadHello = ClientHello | 'more' | 'none'

const RECORD_HANDSHAKE = 22
const HEADER_BYTES = 5
/** RFC 8446 §5.1. */
const MAX_RECORD_BYTES = 16_384
const CLIENT_HELLO = 1
const TLS_1_2 = 0x0303
const MAX_HELLO_BYTES = 16_384
/** With the headers of records, which a client may make as small as it likes. */
const MAX_BYTES = 32_768
const SERVER_NAME = 0
const PROTOCOLS = 16
const HOST_NAME = 0

/** Whether a connection that begins with this octet may be TLS. */
export function beginsTls(first: Buffer): boolean {
  return first[0] === RECORD_HANDSHAKE
}

/** Reads records until the ClientHello in them is whole; each octet is looked at once. */
export class HelloReader {
  readonly #pieces: Buffer[] = []
  #bytes = 0
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #headerBytes = 0
  /** What is left of the record. */
  #left = 0
  /** Type and length of the message (RFC 8446 §4), then all of it. */
  #message = Buffer.alloc(4)
  #messageBytes = 0

  /** All that was taken. */
  get raw(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  take(bytes: Buffer): ReadHello {
    this.#pieces.push(bytes)
    this.#bytes += bytes.length
    for (let at = 0; at < bytes.length; ) {
      if (this.#left === 0) {
        this.#header[this.#headerBytes++] = bytes[at++] ?? 0
        if (this.#headerBytes < HEADER_BYTES) continue
        this.#headerBytes = 0
        this.#left = this.#header.readUInt16BE(3)
        const isHandshake = this.#header[0] === RECORD_HANDSHAKE && this.#header[1] === 3
        if (!isHandshake || this.#left === 0 || this.#left > MAX_RECORD_BYTES) return 'none'
        continue
      }
      const count = Math.min(this.#left, bytes.length - at, this.#message.length - this.#messageBytes)
      bytes.copy(this.#message, this.#messageBytes, at, at + count)
      at += count
      this.#left -= count
      this.#messageBytes += count
      if (this.#messageBytes < this.#message.length) continue
      if (this.#message.length > 4) return readHello(this.#message.subarray(4)) ?? 'none'
      const length = this.#message.readUIntBE(1, 3)
      if (this.#message[0] !== CLIENT_HELLO || length === 0 || length > MAX_HELLO_BYTES) return 'none'
      this.#message = Buffer.concat([this.#message], 4 + length)
    }
    return this.#bytes > MAX_BYTES ? 'none' : 'more'
  }
}

/** @param body of the message */
function readHello(body: Buffer): ClientHello | undefined {
  const hello = new ByteReader(body)
  // What speaks nothing newer than TLS 1.1 is none that we could answer.
  if (hello.number(2) < TLS_1_2) return undefined
  hello.skip(32)
  hello.vector(1)
  hello.vector(2)
  hello.vector(1)
  let servername = ''
  let protocols: string[] = []
  // TLS 1.2 allows a hello without any extension.
  const extensions = hello.left === 0 ? undefined : hello.vector(2)
  while (extensions?.isGood && extensions.left > 0) {
    const type = extensions.number(2)
    const data = extensions.vector(2)
    if (type === SERVER_NAME) servername = readServerName(data)
    else if (type === PROTOCOLS) protocols = readProtocols(data)
    if (!data.isGood) return undefined
  }
  const isGood = hello.isGood && (extensions?.isGood ?? true)
  return isGood ? { servername, protocols } : undefined
}

function readServerName(data: ByteReader): string {
  const names = data.vector(2)
  while (names.isGood && names.left > 0) {
    const type = names.number(1)
    const name = names.vector(2)
    if (type === HOST_NAME) return name.rest().toString('latin1').toLowerCase()
  }
  return ''
}

function readProtocols(data: ByteReader): string[] {
  const protocols: string[] = []
  const list = data.vector(2)
  while (list.isGood && list.left > 0) protocols.push(list.vector(1).rest().toString('latin1'))
  if (!list.isGood) data.fail()
  return protocols
}
