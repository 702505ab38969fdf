import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { afterEach, test } from 'node:test'
import { closePlaces, dial, exchange, get, place } from './fixtures/place.ts'

afterEach(closePlaces)

const BODY = Buffer.alloc(100_000, 'x')

/** Reads all answers; resolves with how many there were when the client's connection ends. */
async function answersOf(client: Socket): Promise<number> {
  const all = Buffer.concat(await client.toArray())
  return all.toString('latin1').split('HTTP/1.1 200 OK').length - 1
}

for (const appCloses of [false, true]) {
  test(`a client that asks on and reads nothing is held${appCloses ? ', also while the app closes its idle connection' : ''}; then it gets all answers`, async () => {
    let answered = 0
    const app = createServer((request, response) => {
      if (request.url === '/many') answered++
      response.end(request.url === '/many' ? BODY : 'one')
    })
    const { port } = await place(app)
    const client = await dial(port)
    client.end(get('/many').repeat(600))
    // What one connection could go on with, it could in the time of as many requests of others.
    for (let others = 0; others < 600; others++) await exchange(port, get('/one'))
    assert.ok(answered < 300, `${answered} answers are more than two sockets hold`)
    if (appCloses) app.closeIdleConnections()
    for (let others = 0; others < 10; others++) await exchange(port, get('/one'))
    assert.equal(await answersOf(client), 600)
    assert.equal(answered, 600)
  })
}
