/** A client that gives a request up. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { FRAME } from '../../lib/http2/frame.ts'
import { place } from '../http/fixtures/place.ts'
import { closeAll } from './fixtures/place2.ts'
import { FLAGS, gathering, POST, rawClient } from './fixtures/raw-peer.ts'

afterEach(closeAll)

const WAYS = [
  { name: 'with its connection at once', also: ['end'] },
  { name: 'behind GOAWAY and with its connection', also: ['goaway', 'end'] },
] as const

for (const { name, also } of WAYS) {
  test(`the app hears that a request was given up, ${name}`, async () => {
    const app = gathering()
    const { port } = await place(app.server)
    const client = await rawClient(port)
    client.headers(1, POST, FLAGS.headers).data(1, 'hello')
    const server = await app.next()
    await server.frame(FRAME.DATA, 1)
    server.headers(1, { ':status': '200' }, FLAGS.headers).data(1, 'answer')
    await client.frame(FRAME.DATA, 1)
    client.socket.cork()
    client.four(FRAME.RST_STREAM, 1, ERROR_CODE.CANCEL)
    for (const one of also) {
      if (one === 'goaway') client.send(FRAME.GOAWAY, 0, 0, Buffer.alloc(8))
      else client.socket.end()
    }
    client.socket.uncork()
    assert.equal(await server.reset(1), ERROR_CODE.CANCEL)
  })
}
