import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../lib/fake-clock.ts'
import { FRAME, FRAME_HEADER_BYTES, writeFrameHeader } from '../../lib/http2/frame.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { get } from '../http/fixtures/place.ts'
import { turn } from '../http/fixtures/stuck.ts'
import { block, FLAGS } from './fixtures/raw-peer.ts'
import { Http2Target } from './http2-target.ts'
import { memoryPair } from './memory-pair.ts'

/** A burst of them that is no flood, with a second for each. */
const PINGS = 10_000
const MOST_ROUNDS = 100

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + payload.length)
  writeFrameHeader(bytes, 0, payload.length, type, flags, stream)
  payload.copy(bytes, FRAME_HEADER_BYTES)
  return bytes
}

/** @returns all that comes, as text */
function heard(stream: Stream): () => string {
  let came = ''
  const onData = (bytes: Buffer): void => {
    came += bytes.toString('latin1')
  }
  stream.bind({ onData, onEnd() {}, onDrain() {}, onClose() {} })
  return () => came
}

test('a target that asks without end for answers that it does not read is held until it does', async () => {
  const clock = new FakeClock()
  const target = new Http2Target({
    ...{ clock, scheme: 'http', authority: 'orders', windowBytes: 65_536 },
    onRequest() {},
    onSpeaks() {},
  })
  const [toApp, app] = memoryPair()
  heard(app)
  const client = await target.open([Buffer.from(get('/'))], async () => toApp)
  const answer = heard(client)
  client.resume()
  app.send(frame(FRAME.SETTINGS, 0, 0))
  const pings = Buffer.concat(Array<Buffer>(PINGS).fill(frame(FRAME.PING, 0, 0, Buffer.alloc(8))))
  let rounds = 0
  for (let isTaken = true; isTaken && rounds < MOST_ROUNDS; rounds++) {
    clock.advance(1000)
    app.send(pings)
    await turn()
    isTaken = app.send(pings.subarray(0, 17))
  }
  assert.ok(rounds < MOST_ROUNDS, 'all of it was read')
  app.resume()
  app.send(frame(FRAME.HEADERS, FLAGS.headers | FLAGS.end, 1, block({ ':status': '204' })))
  while (answer() === '') await turn()
  assert.match(answer(), /^HTTP\/1\.1 204 /)
})
