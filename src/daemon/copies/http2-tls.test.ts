import assert from 'node:assert/strict'
import { createSecureServer, createServer } from 'node:http2'
import { afterEach, describe, it } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { type Wiretapped, wiretapped } from './fixtures.ts'
import { by, CREDENTIALS, fine, GET, type Heard, OK, SAME, sessions, told } from './fixtures-http2.ts'

let tap: Wiretapped

describe('copies for a program that speaks HTTP/2 only, out of TLS', { timeout: 30_000 }, () => {
  afterEach(async () => {
    await tap.close()
    sessions.length = 0
  })

  it('that came in TLS reach one whose TLS is for HTTP/2 only', async () => {
    const heard: string[] = []
    const server = createSecureServer(CREDENTIALS, (request, response) => {
      heard.push(`${request.httpVersion} ${request.headers[':scheme']}`)
      response.end('ok')
    })
    server.on('session', (session) => session.on('error', () => {}))
    tap = await wiretapped(by(server), [])
    const agent = await tap.agent()
    agent.request(1, GET, OK, true)
    agent.request(2, GET, OK, true)
    await agent.untilDone(2)
    assert.deepEqual(heard, ['2.0 https', '2.0 https'])
    assert.deepEqual(tap.copies.counts, {
      copied: 2,
      dropped: { slow: 0, rate: 0, large: 0, broken: 0, unheard: 0 },
      compared: { ...SAME, same: 2 },
    })
  })

  it('that came in TLS reach one that hangs up on who chose no HTTP/2', async () => {
    const inner = createServer((_, response) => response.end('ok'))
    // As Go's TLS does, a choice of nothing is no error there.
    const choose = ({ protocols }: { protocols: string[] }) => (protocols.includes('h2') ? 'h2' : undefined)
    const server = createTlsServer(
      { ...CREDENTIALS, ALPNCallback: choose },
      (socket) => void inner.emit('connection', socket),
    )
    const silent = createTlsServer(CREDENTIALS, (socket) => void socket.end())
    let opened = 0
    tap = await wiretapped((socket) => by(++opened === 1 ? silent : server)(socket), [])
    const agent = await tap.agent()
    agent.request(1, GET, OK, true)
    await agent.untilDone(1)
    assert.deepEqual(told(tap), [])
    assert.deepEqual(tap.copies.counts.compared, SAME)
  })

  it('that came in TLS reach one without TLS', async () => {
    const heard: Heard[] = []
    tap = await wiretapped(fine(heard), [])
    const agent = await tap.agent()
    agent.request(1, GET, OK, true)
    await agent.untilDone(1)
    assert.equal(heard[0]?.headers[':scheme'], 'https')
    assert.deepEqual(told(tap), [])
  })
})
