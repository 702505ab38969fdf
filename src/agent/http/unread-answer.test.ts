import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { afterEach, test } from 'node:test'
import type { FakeClock } from '../../lib/fake-clock.ts'
import { isReset } from '../../lib/is-reset.ts'
import { closePlaces, dial, get, place } from './fixtures/place.ts'
import { stuck, turn } from './fixtures/stuck.ts'

afterEach(closePlaces)

const BODY = Buffer.alloc(60_000_000, 'x')

/** Lets minutes pass. */
async function pass(clock: FakeClock, minutes: number): Promise<void> {
  for (let at = 0; at < 2 * minutes; at++) {
    clock.advance(30_000)
    await turn()
  }
}

async function untilReset(socket: Socket): Promise<void> {
  while (!isReset(socket)) await turn()
}

test('a client that reads nothing of an answer for five minutes is cut, and counted; not one that reads slowly', async () => {
  const app = createServer((_request, response) => response.end(BODY))
  const { port, clock, counts } = await place(app)
  const client = await dial(port)
  client.on('error', () => {}).write(get('/'))
  const [served] = (await once(app, 'connection')) as [Socket]
  const gone = new Promise((resolve) => served.on('error', () => {}).on('close', resolve))
  await stuck(served)
  await pass(clock, 4)
  let read = 0
  while (read < BODY.length / 6) {
    const bytes = client.read() as Buffer | null
    read += bytes?.length ?? 0
    if (bytes === null) await once(client, 'readable')
  }
  await stuck(served)
  await pass(clock, 4)
  assert.equal(isReset(client), false)
  assert.equal(counts.unread, 0)
  await pass(clock, 2)
  await untilReset(client)
  await gone
  assert.equal(counts.unread, 1)
})

test('so is one that asks on instead, whose answers are all with the agent', async () => {
  let answered = 0
  const app = createServer((_request, response) => {
    answered++
    response.end(BODY.subarray(0, 100_000))
  })
  const { port, clock, counts } = await place(app)
  const client = await dial(port)
  client.on('error', () => {}).write(get('/').repeat(600))
  for (let turns = 0, before = 0; turns < 200; turns++) {
    await turn()
    if (answered !== before || answered === 0) turns = 0
    before = answered
  }
  await pass(clock, 4)
  assert.equal(isReset(client), false)
  await pass(clock, 2)
  await untilReset(client)
  assert.equal(counts.unread, 1)
})

test('a program on a laptop that stands in a debugger is given all the time', async () => {
  const asked = Promise.withResolvers<() => void>()
  const laptop = createServer((_request, response) => asked.resolve(() => response.end('at last')))
  const { port, clock, counts } = await place(undefined, laptop)
  const client = await dial(port)
  client.write(get('/', 'x-user: jane', 'Connection: close'))
  const answer = await asked.promise
  await pass(clock, 60)
  answer()
  assert.match(Buffer.concat(await client.toArray()).toString(), /at last$/)
  assert.equal(counts.unread, 0)
})
