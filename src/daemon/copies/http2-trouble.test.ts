import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttp1Server } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import { afterEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type Wiretapped, wiretapped } from './fixtures.ts'
import { by, fine, GET, type Heard, http2, OK, SAME, sessions, told } from './fixtures-http2.ts'

let tap: Wiretapped

describe('copies for a program that speaks HTTP/2 only, and changes, ends or errs', { timeout: 30_000 }, () => {
  afterEach(async () => {
    await tap.close()
    sessions.length = 0
  })

  it('go on when it becomes one of HTTP/1.1, and back', async () => {
    const http1 = createHttp1Server((_, response) => response.end('ok'))
    const both = { old: by(http1), new: fine() }
    let now: keyof typeof both = 'new'
    tap = await wiretapped((socket) => both[now](socket), ['date'])
    const agent = await tap.agent()
    for (let id = 1; id <= 9; id++) {
      now = id % 6 < 3 ? 'new' : 'old'
      if (id % 3 === 0) for (const session of sessions) session.destroy()
      while (sessions.some(({ destroyed }) => !destroyed) && id % 3 === 0) await turn()
      agent.request(id, GET, OK)
      await agent.untilDone(id)
    }
    assert.deepEqual(told(tap), [])
    assert.deepEqual(tap.copies.counts.compared, { ...SAME, same: 9 })
  })

  it('are not lost when it ends their session', async () => {
    const heard: Heard[] = []
    tap = await wiretapped(fine(heard), [])
    const agent = await tap.agent()
    for (let round = 1; round <= 5; round++) {
      for (let id = 1; id <= 4; id++) agent.request(round * 4 + id, GET, OK)
      await agent.untilDone(round * 4)
      for (const session of sessions) session.close()
    }
    assert.deepEqual(told(tap), [])
    assert.deepEqual(tap.copies.counts.compared, { ...SAME, same: 20 })
  })

  it('that it resets, leaves or answers too largely are told so', async () => {
    tap = await wiretapped(
      http2((stream, headers) => {
        if (headers[':path'] === '/reset') stream.close(11)
        if (headers[':path'] === '/large') stream.end(Buffer.alloc(2 ** 21))
        if (headers[':path'] === '/gone') stream.session?.destroy()
      }),
      [],
    )
    const agent = await tap.agent()
    const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
    agent.request(1, ask('/reset'), OK)
    agent.request(2, ask('/large'), OK)
    await agent.untilDone(2)
    const hung = Promise.withResolvers<void>()
    sessions[sessions.length - 1]?.once('stream', () => hung.resolve())
    agent.request(3, ask('/hangs'), OK)
    await hung.promise
    tap.clock.advance(30_000)
    await agent.untilDone(3)
    const gone = once(sessions[sessions.length - 1] as ServerHttp2Session, 'close')
    agent.request(4, ask('/gone'), OK)
    await gone
    while (agent.done < 4) {
      tap.clock.advance(1000)
      await turn()
    }
    assert.deepEqual(
      told(tap)
        .map(([one]) => one?.laptop)
        .sort(),
      [
        'larger than 1 MiB',
        'none within 30 s',
        'none: it gave the request up (ENHANCE_YOUR_CALM)',
        'none: the connection was closed',
      ],
    )
    assert.deepEqual(tap.copies.counts.compared, { ...SAME, same: 0, different: 4 })
  })

  it('whose program ends just before its wiretap are not answered yet', async () => {
    tap = await wiretapped(
      http2((stream) => stream.session?.destroy()),
      [],
    )
    const agent = await tap.agent()
    agent.request(1, GET, OK)
    while (sessions.length < 2) await turn()
    await once(sessions[1] as ServerHttp2Session, 'close')
    tap.copies.close()
    while (!agent.over) await turn()
    assert.deepEqual(told(tap), [])
    assert.deepEqual(tap.copies.counts.compared, { ...SAME, same: 0, pending: 1 })
  })

  it('that HTTP/2 cannot say are told so, and others go on', async () => {
    tap = await wiretapped(fine(), [])
    const agent = await tap.agent()
    agent.request(1, 'GET /a HTTP/1.1\r\nHost: not a host\r\n\r\n', OK)
    agent.request(2, 'GET /b HTTP/1.1\r\nHost: a\r\nUser-Agent: a\r\nUser-Agent: b\r\n\r\n', OK)
    agent.request(3, GET, OK)
    await agent.untilDone(3)
    for (const [one] of told(tap))
      assert.match(one?.laptop ?? '', /^none: HTTP\/2, which it speaks, cannot say the request/)
    assert.deepEqual(tap.copies.counts.compared, { ...SAME, different: 2 })
  })

  it('of one that speaks something else say so', async () => {
    tap = await wiretapped((socket) => void socket.once('data', () => socket.end('-ERR unknown command\r\n')), [])
    const agent = await tap.agent()
    agent.request(1, GET, OK)
    await agent.untilDone(1)
    assert.deepEqual(told(tap), [
      [{ field: 'answer', app: '200 with 2 bytes', laptop: 'none: it does not speak HTTP/1.1' }],
    ])
  })

  it('of one that begins as HTTP/2 and is none say so, and end', async () => {
    tap = await wiretapped((socket) => {
      socket.once('data', () => socket.end(Buffer.from([0, 0, 5, 4, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1])))
    }, [])
    const agent = await tap.agent()
    agent.request(1, GET, OK)
    await agent.untilDone(1)
    assert.deepEqual(told(tap), [
      [{ field: 'answer', app: '200 with 2 bytes', laptop: 'none: it does not speak HTTP/2' }],
    ])
  })
})
