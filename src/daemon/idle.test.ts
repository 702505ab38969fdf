import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../lib/clock.ts'
import { FakeClock } from '../lib/fake-clock.ts'
import { closeAnswered, whenIdle } from './idle.ts'

interface Place {
  clock: FakeClock
  server: Server
  ends: () => number
  needs: { something: boolean }
  ask(): http.ClientRequest
}

async function place(context: TestContext): Promise<Place> {
  const clock = new FakeClock()
  const server = createServer((_, response) => response.flushHeaders())
  const needs = { something: false }
  let ends = 0
  whenIdle({ clock, server, isNeeded: () => needs.something, onIdle: () => ends++ })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const ask = (): http.ClientRequest => http.get({ port, host: '127.0.0.1', agent: false }).on('error', () => {})
  return { clock, server, ends: () => ends, needs, ask }
}

test('a daemon that nobody ever needed is idle after 6 s, once', async (context) => {
  const { clock, ends } = await place(context)
  clock.advance(5999)
  assert.equal(ends(), 0)
  clock.advance(1)
  assert.equal(ends(), 1)
  clock.advance(60_000)
  assert.equal(ends(), 1)
})

test('it is not idle while it keeps something, or answers', async (context) => {
  const { clock, server, ends, needs, ask } = await place(context)
  needs.something = true
  clock.advance(60_000)
  needs.something = false
  const request = ask()
  const [, [socket]] = await Promise.all([once(request, 'response'), once(server, 'connection')])
  clock.advance(60_000)
  assert.equal(ends(), 0)
  request.destroy()
  await once(socket, 'close')
  clock.advance(3000)
  assert.equal(ends(), 0)
  clock.advance(3000)
  assert.equal(ends(), 1)
})

test('a short call begins the time anew', async (context) => {
  const { clock, server, ends, ask } = await place(context)
  clock.advance(5000)
  const request = ask()
  const [, [socket]] = await Promise.all([once(request, 'response'), once(server, 'connection')])
  request.destroy()
  await once(socket, 'close')
  clock.advance(1000)
  assert.equal(ends(), 0)
  clock.advance(3000)
  assert.equal(ends(), 1)
})

test('who has just found a server that is closed is answered; who stays is not waited for', async (context) => {
  const { server, ask } = await place(context)
  server.removeAllListeners('request').on('request', (_, response) => response.writeHead(503).end())
  const request = ask()
  await once(request, 'socket').then(([socket]) => once(socket, 'connect'))
  const answered = once(request, 'response')
  await closeAnswered(server, 60_000, systemClock)
  const [response] = await answered
  assert.equal(response.statusCode, 503)
  response.resume()
})

test('closing is bounded', async (context) => {
  const { server, ask } = await place(context)
  await once(ask(), 'response')
  const clock = new FakeClock()
  const closed = closeAnswered(server, 1000, { ...systemClock, after: (ms, call) => clock.after(ms, call) })
  await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))))
  clock.advance(1000)
  await closed
})
