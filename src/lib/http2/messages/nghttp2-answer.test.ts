/** What an answer is beside nghttp2, which reads it for a client of node:http2. */
import assert from 'node:assert/strict'
import http2 from 'node:http2'
import { type Duplex, duplexPair } from 'node:stream'
import { it } from 'node:test'
import fc from 'fast-check'
import { FLAG, frameOf, onFrames, PREFACE, TYPE } from '../fixtures/frames.ts'
import { HpackDecoder } from '../hpack/decoder.ts'
import { encodeBlock, field } from '../hpack/encode.ts'
import { Http2Error } from '../http2-error.ts'
import { responseHead } from './response-head.ts'

/** A client that is answered with raw blocks. */
class Client {
  readonly #session: http2.ClientHttp2Session
  readonly #ends: Duplex[]
  #answer: Buffer = Buffer.alloc(0)
  #flags = 0

  constructor() {
    const [clientEnd, peer] = duplexPair()
    this.#ends = [clientEnd, peer]
    this.#session = http2.connect('http://orders', { createConnection: () => clientEnd })
    this.#session.on('error', () => {})
    peer.write(frameOf({ type: TYPE.SETTINGS, flags: 0, stream: 0, payload: Buffer.alloc(0) }))
    onFrames(peer, PREFACE.length, ({ type, stream }) => {
      if (type === TYPE.HEADERS) peer.write(frameOf({ type, flags: this.#flags, stream, payload: this.#answer }))
    })
  }

  /** @returns the status that the client's program sees, or 0 when it sees none */
  ask(method: string, block: Buffer, interim: boolean): Promise<number> {
    this.#answer = block
    this.#flags = FLAG.END_HEADERS | (interim ? 0 : FLAG.END_STREAM)
    const stream = this.#session.request({ ':method': method, ':path': '/' }, { endStream: true })
    return new Promise((resolve) => {
      let status = 0
      const seen = (code: number): void => {
        status = code
        // Nothing more comes behind an interim one.
        if (interim) stream.close()
      }
      stream.on('response', (headers) => seen(Number(headers[':status'])))
      stream.on('headers', (headers) => seen(Number(headers[':status'])))
      stream.on('continue', () => seen(100))
      stream.on('error', () => {})
      stream.on('close', () => resolve(status))
      stream.resume()
    })
  }

  close(): void {
    this.#session.destroy()
    for (const end of this.#ends) end.destroy()
  }
}

const line = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom('x-a', 'server', 'set-cookie'), fc.constantFrom('', '1', 'é', 'a b')),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<[string, string]>(
      ['content-length', '0'],
      ['content-length', '0x'],
      ['content-length', ''],
      ['connection', 'close'],
      ['keep-alive', '1'],
      ['transfer-encoding', 'chunked'],
      ['upgrade', 'x'],
      ['te', 'gzip'],
      [':status', '200'],
      [':path', '/'],
      [':unknown', 'x'],
      ['X-Upper', 'x'],
      ['x y', 'x'],
      ['x-a', 'a\r\nb'],
      ['x-a', ' a'],
    ),
  },
)
const status = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('200', '404', '204', '304', '103', '100', '799') },
  fc.constantFrom('101', '20', '2000', '2x0', '', '099'),
)
interface Answer {
  method: string
  status: string
  lines: [string, string][]
  /** Before the status. */
  first: [string, string][]
}

const answer: fc.Arbitrary<Answer> = fc.record({
  method: fc.constantFrom('GET', 'HEAD'),
  status,
  lines: fc.array(line, { maxLength: 4 }),
  first: fc.oneof({ weight: 9, arbitrary: fc.constant<[string, string][]>([]) }, fc.array(line, { maxLength: 1 })),
})

/** Where nghttp2 leaves a field away, and the answer is another one then. */
const STRICTER: ReadonlySet<string> = new Set(['a field name is malformed', 'a field value is malformed'])

it('an answer is none for us where it is none for nghttp2', async () => {
  const tally = { taken: 0, refused: 0, stricter: 0 }
  let client = new Client()
  let asked = 0
  const compare = async (one: Answer): Promise<void> => {
    // A session puts up with so many mistakes only.
    if (++asked % 200 === 0) {
      client.close()
      client = new Client()
    }
    const { block, why } = judge(one)
    const seen = await client.ask(one.method, block, /^1..$/.test(one.status))
    if (why === '') {
      tally.taken++
      assert.equal(seen, Number(one.status))
    } else if (seen !== 0) {
      tally.stricter++
      assert.ok(STRICTER.has(why), why)
    } else tally.refused++
  }
  try {
    await fc.assert(fc.asyncProperty(answer, compare), { numRuns: 1500 })
  } finally {
    client.close()
  }
  assert.ok(tally.taken > 200 && tally.refused > 200, JSON.stringify(tally))
})

function judge({ method, status: code, lines, first }: Answer): { block: Buffer; why: string } {
  const fields: [string, string][] = [...first, [':status', code], ...lines]
  const block = encodeBlock(fields.map(([name, value]) => field(name, value)))
  try {
    responseHead(new HpackDecoder().decode(block), 1, method)
    return { block, why: '' }
  } catch (error) {
    assert.ok(error instanceof Http2Error)
    return { block, why: error.message }
  }
}
