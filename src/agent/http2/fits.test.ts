/** Streams whose reader stops and goes on, again and again: every octet comes, once and in order. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { FRAME } from '../../lib/http2/frame.ts'
import { SETTING, settingsPayload } from '../../lib/http2/settings.ts'
import { closeAll, h2Place, h2Server } from './fixtures/place2.ts'
import { GET, rawClient } from './fixtures/raw-peer.ts'

afterEach(closeAll)

/** What a stream's octets are at any place. */
const at = (stream: number, offset: number): number => ((stream % 16) * 31 + offset * 7 + (offset >> 8)) & 0xff
const BYTES = 400_000

test('a connection whose reader stops again and again', async () => {
  const app = h2Server((stream) => {
    const id = Number(stream.id)
    stream.respond({ ':status': 200, 'x-id': `${id}` })
    stream.end(Uint8Array.from({ length: BYTES }, (_, offset) => at(id, offset)))
  })
  const { port } = await h2Place(app)
  const client = await rawClient(port)
  client.send(FRAME.SETTINGS, 0, 0, settingsPayload([[SETTING.INITIAL_WINDOW_SIZE, 1 << 24]]))
  client.four(FRAME.WINDOW_UPDATE, 0, 1 << 28)
  const streams = Array.from({ length: 8 }, (_, n) => 2 * n + 1)
  for (const stream of streams) client.headers(stream, GET)
  const come = new Map(streams.map((stream) => [stream, 0]))
  let reads = 0
  client.socket.on('data', () => {
    if (++reads % 3 !== 0) return
    client.socket.pause()
    setImmediate(() => setImmediate(() => client.socket.resume()))
  })
  while ([...come.values()].some((got) => got < BYTES)) {
    const { stream, payload } = await client.frame(FRAME.DATA)
    const from = come.get(stream) ?? 0
    for (let index = 0; index < payload.length; index += 997)
      assert.equal(payload[index], at(stream, from + index), `stream ${stream}, octet ${from + index}`)
    come.set(stream, from + payload.length)
  }
  assert.deepEqual([...new Set(come.values())], [BYTES])
})
