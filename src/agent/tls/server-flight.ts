/**
 * What a server says in a handshake before it is its client's turn (RFC 5246 §7.4, RFC 8446 §4.3, §4.4): read from the octets of the connection, because
 * OpenSSL does not tell whom the server asks for a certificate, nor the chain of one that it then refuses.
 */
import { createDecipheriv, createHmac } from 'node:crypto'
import { ByteReader } from './byte-reader.ts'

export interface ServerFlight {
  /** Its own certificate first (DER). */
  chain: Buffer[]
  /** The application protocol that it chose (RFC 7301); undefined: none. */
  protocol: string | undefined
  /** It asks for a certificate: the names (DER) of authorities that it trusts, none when it does not say. Undefined: it asks for none. */
  authorities: Buffer[] | undefined
}

const RECORD = { handshake: 22, applicationData: 23 } as const
const MESSAGE = { serverHello: 2, encryptedExtensions: 8, certificate: 11, certificateRequest: 13 } as const
const EXTENSION = { protocols: 16, supportedVersions: 43, authorities: 47 } as const
const TLS_1_3 = 0x0304
const TAG_BYTES = 16
/** A chain may have so many certificates, and a server name so many authorities. */
const MAX_LIST = 256

/** RFC 8446 §B.4. */
const SUITES: Record<
  number,
  { cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'; hash: string; keyBytes: number }
> = {
  4865: { cipher: 'aes-128-gcm', hash: 'sha256', keyBytes: 16 },
  4866: { cipher: 'aes-256-gcm', hash: 'sha384', keyBytes: 32 },
  4867: { cipher: 'chacha20-poly1305', hash: 'sha256', keyBytes: 32 },
}

/**
 * @param said all that the server sent, as far as it went
 * @param secret of its part of a TLS 1.3 handshake (`SERVER_HANDSHAKE_TRAFFIC_SECRET` of a key log)
 */
export function readServerFlight(said: Buffer, secret: Buffer | undefined): ServerFlight {
  const flight: ServerFlight = { chain: [], protocol: undefined, authorities: undefined }
  const messages = new Messages()
  let open: ((body: Buffer, header: Buffer) => Buffer | undefined) | undefined
  let isNew = false
  for (const { type, body, header } of records(said)) {
    if (open !== undefined && type === RECORD.applicationData) {
      const inner = open(body, header)
      // What it cannot open it says after the handshake.
      if (inner === undefined) break
      messages.add(inner)
    } else if (type === RECORD.handshake) messages.add(body)
    for (const message of messages.whole()) {
      if (message.type === MESSAGE.serverHello) {
        const { suite, version } = readServerHello(message.body, flight)
        isNew = version === TLS_1_3
        if (isNew && secret !== undefined) open = opener(suite, secret)
      } else readMessage(message, isNew, flight)
    }
  }
  return flight
}

interface Message {
  type: number
  body: Buffer
}

function readMessage({ type, body }: Message, isNew: boolean, flight: ServerFlight): void {
  const reader = new ByteReader(body)
  if (type === MESSAGE.encryptedExtensions) readExtensions(reader.vector(2), flight)
  else if (type === MESSAGE.certificate) {
    if (isNew) reader.vector(1)
    const list = reader.vector(3)
    while (list.isGood && list.left > 0 && flight.chain.length < MAX_LIST) {
      const certificate = list.vector(3).rest()
      if (isNew) list.vector(2)
      if (list.isGood) flight.chain.push(certificate)
    }
  } else if (type === MESSAGE.certificateRequest) {
    flight.authorities = []
    if (isNew) {
      reader.vector(1)
      readExtensions(reader.vector(2), flight)
    } else {
      reader.vector(1)
      reader.vector(2)
      readAuthorities(reader.vector(2), flight.authorities)
    }
  }
}

function readServerHello(body: Buffer, flight: ServerFlight): { suite: number; version: number } {
  const hello = new ByteReader(body)
  let version = hello.number(2)
  hello.skip(32)
  hello.vector(1)
  const suite = hello.number(2)
  hello.skip(1)
  if (hello.left > 0) version = readExtensions(hello.vector(2), flight) ?? version
  return { suite, version }
}

/** @returns the version that was chosen, if they say */
function readExtensions(extensions: ByteReader, flight: ServerFlight): number | undefined {
  let version: number | undefined
  while (extensions.isGood && extensions.left > 0) {
    const type = extensions.number(2)
    const data = extensions.vector(2)
    if (type === EXTENSION.supportedVersions) version = data.number(2)
    else if (type === EXTENSION.protocols)
      flight.protocol = data.vector(2).vector(1).rest().toString('latin1') || undefined
    else if (type === EXTENSION.authorities && flight.authorities !== undefined)
      readAuthorities(data.vector(2), flight.authorities)
  }
  return version
}

function readAuthorities(list: ByteReader, into: Buffer[]): void {
  while (list.isGood && list.left > 0 && into.length < MAX_LIST) into.push(list.vector(2).rest())
}

function* records(said: Buffer): Generator<{ type: number; body: Buffer; header: Buffer }> {
  for (let at = 0; at + 5 <= said.length; ) {
    const length = said.readUInt16BE(at + 3)
    const body = said.subarray(at + 5, at + 5 + length)
    if (body.length < length) return
    yield { type: said[at] ?? 0, body, header: said.subarray(at, at + 5) }
    at += 5 + length
  }
}

/** Messages of a handshake, over several records or several in one. */
class Messages {
  #pieces: Buffer[] = []

  add(bytes: Buffer): void {
    this.#pieces.push(bytes)
  }

  *whole(): Generator<Message> {
    let bytes: Buffer = this.#pieces.length === 1 ? (this.#pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#pieces)
    while (bytes.length >= 4) {
      const length = bytes.readUIntBE(1, 3)
      if (bytes.length < 4 + length) break
      yield { type: bytes[0] ?? 0, body: bytes.subarray(4, 4 + length) }
      bytes = bytes.subarray(4 + length)
    }
    this.#pieces = bytes.length > 0 ? [bytes] : []
  }
}

/** Decrypts the server's records (RFC 8446 §5.2, §7.3). */
function opener(suite: number, secret: Buffer): ((body: Buffer, header: Buffer) => Buffer | undefined) | undefined {
  const known = SUITES[suite]
  if (known === undefined) return undefined
  const { cipher, hash, keyBytes } = known
  const key = expandLabel(hash, secret, 'key', keyBytes)
  const iv = expandLabel(hash, secret, 'iv', 12)
  let number = 0
  return (body, header) => {
    if (body.length < TAG_BYTES) return undefined
    const nonce = Buffer.from(iv)
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ number++) >>> 0, 8)
    const sealed = body.subarray(0, -TAG_BYTES)
    // The three kinds have one interface, which is typed apart.
    const decipher = createDecipheriv(cipher as 'aes-128-gcm', key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(header, { plaintextLength: sealed.length })
    decipher.setAuthTag(body.subarray(-TAG_BYTES))
    try {
      const inner = Buffer.concat([decipher.update(sealed), decipher.final()])
      // Zeros may follow the type, which follows the content.
      let end = inner.length
      while (end > 0 && inner[end - 1] === 0) end--
      return inner[end - 1] === RECORD.handshake ? inner.subarray(0, end - 1) : Buffer.alloc(0)
    } catch {
      return undefined
    }
  }
}

/** HKDF-Expand-Label (RFC 8446 §7.1) with an empty context, of what fits into one block of the hash (RFC 5869 §2.3). */
function expandLabel(hash: string, secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`)
  const info = Buffer.concat([Buffer.of(0, length, name.length), name, Buffer.of(0)])
  return createHmac(hash, secret).update(info).update(Buffer.of(1)).digest().subarray(0, length)
}
