/** The decoder and what it passes on between a client and a server of node:http2: nghttp2 writes what we read, and reads what we write. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import { type Duplex, duplexPair } from 'node:stream'
import { it } from 'node:test'
import fc from 'fast-check'
import { FLAG, fragmentOf, frameOf, onFrames, PREFACE, type RawFrame, TYPE } from '../fixtures/frames.ts'
import { HpackDecoder } from './decoder.ts'
import { encodeBlock, TABLE_SIZE_ZERO } from './encode.ts'
import type { FieldBlock } from './field.ts'

/** Passes frames on, header blocks read and written again. */
class Relay {
  readonly blocks: FieldBlock[] = []
  readonly #to: Duplex
  readonly #decoder: HpackDecoder
  readonly #again: (block: FieldBlock) => Buffer
  #pieces: Buffer[] = []
  #first = true

  constructor(
    from: Duplex,
    to: Duplex,
    options: { skipped: number; tableBytes: number; again: (block: FieldBlock) => Buffer },
  ) {
    this.#to = to
    this.#again = options.again
    this.#decoder = new HpackDecoder({ tableBytes: options.tableBytes })
    onFrames(from, options.skipped, (frame) => this.#pass(frame))
    from.on('end', () => to.end())
  }

  #pass(frame: RawFrame): void {
    if (frame.type !== TYPE.HEADERS && frame.type !== TYPE.CONTINUATION) {
      this.#to.write(frameOf(frame))
      return
    }
    this.#pieces.push(frame.type === TYPE.HEADERS ? fragmentOf(frame) : frame.payload)
    const ends = frame.flags & FLAG.END_STREAM
    assert.ok(frame.flags & FLAG.END_HEADERS, 'these blocks are short')
    const block = this.#decoder.decode(Buffer.concat(this.#pieces))
    this.#pieces = []
    this.blocks.push(block)
    const payload = Buffer.concat([this.#first ? TABLE_SIZE_ZERO : Buffer.alloc(0), this.#again(block)])
    this.#first = false
    this.#to.write(frameOf({ type: TYPE.HEADERS, flags: FLAG.END_HEADERS | ends, stream: frame.stream, payload }))
  }
}

interface Call {
  path: string
  fields: [name: string, value: string][]
  sensitive: string[]
}

const octet = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0x21, max: 0x7e }) },
  fc.integer({ min: 0xa0, max: 0xff }),
)
const value = fc.oneof(
  fc.constantFrom('', 'a', 'jane', 'application/grpc', 'gzip, deflate', 'x'.repeat(200)),
  fc.array(octet, { maxLength: 60 }).map((codes) => String.fromCharCode(...codes)),
)
const name = fc.constantFrom(
  'x-a',
  'x-b',
  'x-user',
  'accept',
  'accept-encoding',
  'user-agent',
  'grpc-timeout',
  'x-long-name-of-a-field',
)
const call: fc.Arbitrary<Call> = fc.record({
  path: fc.constantFrom('/', '/index.html', '/a', '/shop.Orders/Get?é=1'),
  fields: fc.uniqueArray(fc.tuple(name, value), { maxLength: 6, selector: ([one]) => one }),
  sensitive: fc.subarray(['x-a', 'x-user', 'accept']),
})

async function compare(calls: Call[], tableBytes: number, again: (block: FieldBlock) => Buffer): Promise<void> {
  const [clientEnd, fromClient] = duplexPair()
  const [serverEnd, toServer] = duplexPair()
  const settings = { headerTableSize: tableBytes }
  const server = http2.performServerHandshake(serverEnd, { settings })
  const client = http2.connect('http://orders', { createConnection: () => clientEnd, settings })
  toServer.write(PREFACE)
  const requests = new Relay(fromClient, toServer, { skipped: PREFACE.length, tableBytes, again })
  const answers = new Relay(toServer, fromClient, { skipped: 0, tableBytes, again })
  const seen: { raw: string[]; sensitive: string[] }[] = []
  server.on('stream', (stream, headers, _flags, raw) => {
    seen.push({ raw, sensitive: (headers as { [http2.sensitiveHeaders]?: string[] })[http2.sensitiveHeaders] ?? [] })
    const { ':path': path, 'x-a': own } = headers
    stream.respond(
      { ':status': 200, server: 'x', 'x-path': path, ...(own === undefined ? {} : { 'x-b': own }) },
      { endStream: true },
    )
  })
  // Before that its table is not that of the settings.
  await once(client, 'remoteSettings')
  for (const { path, fields, sensitive } of calls) {
    const [named, at] = [Object.fromEntries(fields), seen.length]
    const stream = client.request({ ':path': path, ...named, [http2.sensitiveHeaders]: sensitive }, { endStream: true })
    const closed = once(stream, 'close')
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
    stream.resume()
    await closed
    assert.equal(headers['x-path'], path)
    assert.equal(headers['x-b'], named['x-a'])
    const block = requests.blocks[at]
    const { raw = [], sensitive: never = [] } = seen[at] ?? {}
    assert.deepEqual(
      raw,
      block?.fields.flatMap((field) => [field.name, field.value]),
    )
    for (const [one, other] of fields) assert.equal(raw[raw.indexOf(one) + 1], other)
    const indexed = block?.fields.filter((field) => field.neverIndexed).map((field) => field.name)
    assert.deepEqual(never.toSorted(), indexed?.toSorted())
    for (const one of sensitive) if (one in named) assert.ok(indexed?.includes(one), one)
  }
  assert.equal(answers.blocks.length, calls.length)
  client.destroy()
  server.destroy()
  for (const end of [clientEnd, fromClient, serverEnd, toServer]) end.destroy()
}

it('reads what nghttp2 writes, and nghttp2 reads what is passed on', async () => {
  const calls = fc.array(call, { minLength: 1, maxLength: 12 })
  const again = fc.constantFrom(
    (block: FieldBlock) => block.encoded,
    (block: FieldBlock) => block.verbatim ?? block.encoded,
    (block: FieldBlock) => encodeBlock(block.fields),
  )
  await fc.assert(fc.asyncProperty(calls, fc.constantFrom(0, 64, 200, 4096), again, compare), { numRuns: 80 })
})
