/** Clients that do not take what they are answered. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { FakeClock } from '../../lib/fake-clock.ts'
import { FRAME } from '../../lib/http2/frame.ts'
import { SETTING, settingsPayload } from '../../lib/http2/settings.ts'
import { turn } from '../http/fixtures/stuck.ts'
import { closeAll, h2Place, h2Server } from './fixtures/place2.ts'
import { FLAGS, GET, rawClient } from './fixtures/raw-peer.ts'

afterEach(closeAll)

/** Lets minutes pass. */
async function pass(clock: FakeClock, minutes: number): Promise<void> {
  for (let at = 0; at < 2 * minutes; at++) {
    clock.advance(30_000)
    await turn()
  }
}

test('a client that gives no room for five minutes is cut, and counted; not one that gives some', async () => {
  const app = h2Server((stream) => {
    stream.respond({ ':status': 200 })
    stream.end('x'.repeat(1000))
  })
  const { port, clock, counts } = await h2Place(app)
  const client = await rawClient(port)
  client.send(FRAME.SETTINGS, 0, 0, settingsPayload([[SETTING.INITIAL_WINDOW_SIZE, 10]]))
  client.headers(1, GET, FLAGS.headers | FLAGS.end)
  await client.frame(FRAME.DATA, 1)
  for (let round = 0; round < 3; round++) {
    await pass(clock, 4)
    client.four(FRAME.WINDOW_UPDATE, 1, 1)
    await client.frame(FRAME.DATA, 1)
  }
  // What it says beside that is no reading.
  await pass(clock, 4)
  await client.settled()
  assert.equal(counts.unread, 0)
  await pass(clock, 2)
  await client.closed()
  assert.equal(counts.unread, 1)
})

test('so is one that reads nothing of its connection', async () => {
  let written = 0
  const app = h2Server((stream) => {
    stream.respond({ ':status': 200 })
    const more = (): void => {
      while (stream.write(Buffer.alloc(65_536))) written += 65_536
      written += 65_536
    }
    stream.on('drain', more)
    more()
  })
  const { port, clock, counts } = await h2Place(app)
  const client = await rawClient(port)
  client.send(FRAME.SETTINGS, 0, 0, settingsPayload([[SETTING.INITIAL_WINDOW_SIZE, 2 ** 31 - 1]]))
  client.four(FRAME.WINDOW_UPDATE, 0, 2 ** 31 - 1 - 65_535)
  await client.settled()
  client.headers(1, GET, FLAGS.headers | FLAGS.end)
  await client.frame(FRAME.DATA, 1)
  client.socket.pause()
  for (let before = -1; before !== written; ) {
    before = written
    for (let n = 0; n < 50; n++) await turn()
  }
  await pass(clock, 4)
  assert.equal(counts.unread, 0)
  await pass(clock, 2)
  assert.equal(counts.unread, 1)
  client.socket.resume()
  await client.closed()
})
