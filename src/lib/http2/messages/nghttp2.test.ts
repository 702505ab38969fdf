/** What a request is beside nghttp2 (in node:http2): who passes on what a server refuses loses nothing, who passes on what two readers see differently does. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { Nghttp2Server } from '../fixtures/nghttp2-server.ts'
import { HpackDecoder } from '../hpack/decoder.ts'
import { encodeBlock, field } from '../hpack/encode.ts'
import { Http2Error } from '../http2-error.ts'
import { requestHead } from './request-head.ts'

const octets = fc
  .array(fc.constantFrom('a', 'B', '/', ' ', '\t', '\r', '\n', '\0', ':', 'é', '\x7f', '\x01', '?', '#', '@', ','), {
    maxLength: 3,
  })
  .map((all) => all.join(''))
const anyOr = (...usual: string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 15, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: octets })
const some = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<[string, string][]> =>
  fc.oneof(
    { weight: 15, arbitrary: value.map((one): [string, string][] => [[name, one]]) },
    { weight: 1, arbitrary: fc.constant<[string, string][]>([]) },
    {
      weight: 1,
      arbitrary: value.map((one): [string, string][] => [
        [name, one],
        [name, one],
      ]),
    },
  )
const regular: fc.Arbitrary<[string, string]> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(anyOr('x-a', 'cookie', 'accept'), anyOr('1', '', 'é', 'a b')) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<[string, string]>(
      ['te', 'trailers'],
      ['te', 'gzip'],
      ['connection', 'close'],
      ['keep-alive', '1'],
      ['proxy-connection', 'x'],
      ['transfer-encoding', 'chunked'],
      ['upgrade', 'x'],
      ['host', 'orders'],
      ['host', 'evil'],
      ['host', 'a b'],
      ['content-length', '0'],
      ['content-length', '0x'],
      ['content-length', ''],
      [':status', '200'],
      [':unknown', 'x'],
      ['X-Upper', 'x'],
    ),
  },
)
const request = fc
  .tuple(
    some(':method', anyOr('GET', 'OPTIONS', 'CONNECT')),
    some(':scheme', anyOr('http', 'https')),
    some(':path', anyOr('/', '/a?b', '*')),
    some(':authority', anyOr('orders', 'orders:80', 'u@orders')),
    fc.oneof({ weight: 9, arbitrary: fc.constant<[string, string][]>([]) }, some(':protocol', anyOr('websocket'))),
    fc.array(regular, { maxLength: 3 }),
    fc.array(regular, { maxLength: 1 }),
  )
  .map(([method, scheme, path, authority, protocol, others, first]) => {
    const connects = method[0]?.[1] === 'CONNECT' && protocol.length === 0
    const pseudo = [...method, ...(connects ? [] : [...scheme, ...path]), ...authority, ...protocol]
    // Now and then a field stands before them.
    return first.length > 0 && others.length > 2 ? [...first, ...pseudo, ...others] : [...pseudo, ...others]
  })

function ours(block: Buffer): string {
  try {
    requestHead(new HpackDecoder().decode(block), 1)
    return ''
  } catch (error) {
    assert.ok(error instanceof Http2Error)
    return error.message
  }
}

/** Where nghttp2 leaves a field away, and the request is another one then, or leaves a judgement to the program behind it. */
const STRICTER: ReadonlySet<string> = new Set([
  'host differs from :authority',
  'host is malformed',
  ':protocol is malformed',
  'a field name is malformed',
  'a field value is malformed',
])

const OF_PATHS: ReadonlySet<string> = new Set([':path is malformed', 'only OPTIONS asks for *'])

it('a request is none for us where it is none for nghttp2, and elsewhere only for reasons of RFC 9113', async () => {
  const tally = { taken: 0, refused: 0, stricter: 0 }
  let server = new Nghttp2Server()
  let asked = 0
  const compare = async (fields: [string, string][]): Promise<void> => {
    const block = encodeBlock(fields.map(([name, value]) => field(name, value)))
    // A session puts up with so many mistakes only.
    if (++asked % 200 === 0) {
      server.close()
      server = new Nghttp2Server()
    }
    const why = ours(block)
    const theirs = await server.ask(block)
    if (why === '') {
      tally.taken++
      assert.deepEqual(theirs, { kind: 'stream', raw: fields.flat() })
    } else if (theirs.kind === 'stream') {
      tally.stricter++
      // Of other schemes it knows no rules.
      const isHttp = fields.some(([name, value]) => name === ':scheme' && /^https?$/i.test(value))
      assert.ok(STRICTER.has(why) || (!isHttp && OF_PATHS.has(why)), why)
    } else tally.refused++
  }
  try {
    await fc.assert(fc.asyncProperty(request, compare), { numRuns: 3000 })
  } finally {
    server.close()
  }
  // Who refuses everything, or makes no mistakes, proves nothing.
  assert.ok(tally.taken > 200 && tally.refused > 500, JSON.stringify(tally))
})
