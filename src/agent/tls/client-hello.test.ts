import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { describe, it } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import fc from 'fast-check'
import { type ClientHello, HelloReader, type ReadHello } from './client-hello.ts'

/** What OpenSSL says first. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const above = new Duplex({ read() {}, write: (chunk: Buffer) => resolve(chunk) })
  const socket = connect({ socket: above, ...options }).on('error', () => {})
  const hello = await promise
  socket.destroy()
  return hello
}

/** The same, read in pieces of these sizes. */
function read(bytes: Buffer, sizes: readonly number[] = [bytes.length]): { said: ReadHello; reader: HelloReader } {
  const reader = new HelloReader()
  let said: ReadHello = 'more'
  for (let at = 0, n = 0; at < bytes.length && said === 'more'; n++) {
    const size = Math.max(1, sizes[n % sizes.length] ?? 1)
    said = reader.take(bytes.subarray(at, at + size))
    at += size
  }
  return { said, reader }
}

/** The message of one record in records of so many octets each. */
function fragmented(bytes: Buffer, size: number): Buffer {
  const message = bytes.subarray(5)
  const pieces: Buffer[] = []
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size)
    pieces.push(Buffer.of(22, 3, 1, piece.length >> 8, piece.length & 0xff), piece)
  }
  return Buffer.concat(pieces)
}

describe('a ClientHello', () => {
  it('tells name and protocols, whatever version is spoken', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const bytes = await helloOf({ servername: 'Orders.Shop', ALPNProtocols: ['h2', 'http/1.1'], maxVersion })
      assert.deepEqual(read(bytes).said, { servername: 'orders.shop', protocols: ['h2', 'http/1.1'] })
    }
    assert.deepEqual(read(await helloOf({})).said, { servername: '', protocols: [] })
  })

  it('is the same in any pieces and records, and all that was read is kept', async () => {
    const bytes = await helloOf({ servername: 'orders.shop', ALPNProtocols: ['http/1.1'] })
    const wanted: ClientHello = { servername: 'orders.shop', protocols: ['http/1.1'] }
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (size, sizes) => {
          const sent = fragmented(bytes, size)
          const { said, reader } = read(sent, sizes)
          assert.deepEqual(said, wanted)
          assert.deepEqual(sent.subarray(0, reader.raw.length), reader.raw)
        },
      ),
    )
  })

  it('that is cut waits for more, and one that is not whole in itself is none', async () => {
    const bytes = await helloOf({ servername: 'orders.shop' })
    for (let at = 1; at < bytes.length; at++) assert.equal(read(bytes.subarray(0, at)).said, 'more')
    // A vector that is longer than what it stands in.
    const wrong = Buffer.from(bytes)
    wrong[5 + 4 + 2 + 32] = 255
    wrong.writeUInt16BE(0xffff, 5 + 4 + 2 + 32 + 1 + 32)
    assert.equal(read(wrong).said, 'none')
  })

  it('what is something else, larger than it may be, or older than TLS 1.2 is none', async () => {
    const bytes = await helloOf({ servername: 'orders.shop' })
    assert.equal(read(Buffer.from('GET / HTTP/1.1\r\n')).said, 'none')
    assert.equal(read(Buffer.from('1603010000', 'hex')).said, 'none')
    assert.equal(read(Buffer.from('1603010004010fffff', 'hex')).said, 'none')
    assert.equal(read(Buffer.from('16030100040200002a', 'hex')).said, 'none')
    const old = Buffer.from(bytes)
    old.writeUInt16BE(0x0301, 5 + 4)
    assert.equal(read(old).said, 'none')
  })

  it('any octets give an answer', async () => {
    const bytes = await helloOf({ servername: 'orders.shop', ALPNProtocols: ['h2'] })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.uint8Array({ maxLength: 64 }),
        (changes, tail) => {
          const changed = Buffer.concat([bytes, tail])
          for (const [at, value] of changes) changed[at] = value
          const { said } = read(changed, [7, 300])
          assert.ok(said === 'none' || said === 'more' || typeof said.servername === 'string')
        },
      ),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        read(Buffer.from([22, 3, 3, 0, 190, 1, 0, 0, 180, 3, 3, ...octets]))
      }),
      { numRuns: 3000 },
    )
  })

  it('a client that sends records of one octet is given up within bounds', () => {
    const one = Buffer.from('16030100010a', 'hex')
    const start = Buffer.from('1603010004010040000', 'hex')
    const { said, reader } = read(Buffer.concat([start, ...Array.from({ length: 20_000 }, () => one)]), [1])
    assert.equal(said, 'none')
    assert.ok(reader.raw.length <= 33_000)
  })
})
