import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http2'
import { afterEach, describe, it } from 'node:test'
import { type Wiretapped, wiretapped } from './fixtures.ts'
import { CALL, fine, GET, type Heard, http2, OK, SAME, sessions, told } from './fixtures-http2.ts'

let tap: Wiretapped

describe('copies for a program that speaks HTTP/2 only', { timeout: 30_000 }, () => {
  afterEach(async () => {
    await tap.close()
    sessions.length = 0
  })

  it('reach it with body, trailers and fields, without those of the connection', async () => {
    const heard: Heard[] = []
    tap = await wiretapped(fine(heard))
    const agent = await tap.agent()
    agent.request(1, CALL)
    await agent.untilDone(1)
    agent.request(2, GET)
    agent.request(3, 'GET / HTTP/1.0\r\n\r\n')
    await agent.untilDone(3)
    const plain = (headers: IncomingHttpHeaders) => Object.fromEntries(Object.entries(headers))
    const [call, ...gets] = heard.map(({ headers, ...rest }) => ({ headers: plain(headers), ...rest }))
    assert.deepEqual(call?.headers, {
      ':method': 'POST',
      ':scheme': 'http',
      ':authority': 'orders:80',
      ':path': '/shop.v1.Orders/Get',
      'content-type': 'application/grpc+proto',
      'x-two': 'a, b',
      cookie: 'a=1; b=2',
      te: 'trailers',
    })
    assert.equal(call?.body, '\0\0\0\0\x01hel')
    assert.equal(call?.trailers['x-end'], 'said')
    gets.sort((a, b) => `${a.headers[':path']}`.length - `${b.headers[':path']}`.length)
    assert.deepEqual(
      gets.map(({ headers }) => headers),
      [
        { ':method': 'GET', ':scheme': 'http', ':authority': 'localhost:8080', ':path': '/' },
        { ':method': 'GET', ':scheme': 'http', ':authority': 'orders', ':path': '/orders/3?a=1' },
      ],
    )
    assert.equal(tap.copies.counts.copied, 3)
  })

  it('share one session, are asked in HTTP/1.1 first and once, and none is lost', async () => {
    let opened = 0
    const heard: Heard[] = []
    const serve = fine(heard)
    tap = await wiretapped((socket) => {
      opened++
      serve(socket)
    }, [])
    const agent = await tap.agent()
    agent.request(1, GET, OK)
    await agent.untilDone(1)
    for (let id = 2; id <= 40; id++) agent.request(id, GET, OK)
    await agent.untilDone(40)
    assert.deepEqual([opened, heard.length], [2, 40])
    assert.deepEqual(tap.copies.counts.compared, { ...SAME, same: 40 })
    const [, session] = sessions
    assert.ok(session)
    const closed = once(session, 'close')
    tap.copies.close()
    await closed
  })

  it('that all come at once are all given to it', async () => {
    const heard: Heard[] = []
    tap = await wiretapped(fine(heard), [])
    const agent = await tap.agent()
    for (let id = 1; id <= 60; id++) agent.request(id, CALL, OK)
    await agent.untilDone(60)
    assert.equal(heard.length, 60)
    assert.deepEqual(tap.copies.counts.compared, { ...SAME, same: 60 })
  })

  it('of large requests and answers are compared', async () => {
    const body = 'x'.repeat(900_000)
    tap = await wiretapped(
      http2((stream) => {
        stream.respond({ ':status': 200 })
        stream.pipe(stream)
      }),
      [],
    )
    const agent = await tap.agent()
    const fields = `Content-Length: ${body.length}\r\n\r\n${body}`
    for (let id = 1; id <= 8; id++) {
      agent.request(id, `POST / HTTP/1.1\r\nHost: a\r\n${fields}`, `HTTP/1.1 200 OK\r\n${fields}`)
    }
    await agent.untilDone(8)
    assert.deepEqual(told(tap), [])
    assert.deepEqual(tap.copies.counts.compared, { ...SAME, same: 8 })
  })
})
