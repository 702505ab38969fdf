import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { COPIES_UNDER_WAY, MAX_COPY_BYTES } from '../../wire/messages/copies.ts'
import { type Wiretapped, wiretapped } from './fixtures.ts'

const REQUEST = 'POST /orders?a=1 HTTP/1.1\r\nHost: orders\r\nContent-Length: 5\r\n\r\nhello'
const JSON_TYPE = 'Content-Type: application/json\r\n'
const NONE = { slow: 0, rate: 0, large: 0, broken: 0, unheard: 0 }

/** An answer with a length. */
function answer(body: string | Buffer, fields = '', status = '200 OK'): Buffer {
  const head = `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(body)])
}

let tap: Wiretapped

/** A program that gives this to everybody, and keeps the connection open. */
const gives = (bytes: string | Buffer) => (socket: Socket) => void socket.once('data', () => socket.write(bytes))

describe('copies', () => {
  afterEach(() => tap.close())

  it('are given to the program byte by byte, each on a connection that is closed behind its answer', async () => {
    const got: string[] = []
    tap = await wiretapped((socket) => {
      socket.on('data', (bytes) => {
        got.push(bytes.toString())
        socket.write(answer('x'.repeat(100_000)))
      })
      socket.on('end', () => got.push('end'))
    })
    const agent = await tap.agent()
    agent.request(1, REQUEST)
    await agent.untilDone(1)
    while (got.length < 2) await turn()
    assert.deepEqual(got, [REQUEST, 'end'])
    assert.deepEqual(tap.copies.counts, { copied: 1, dropped: NONE })
    assert.equal(tap.differences.length, 0)
  })

  it('for which nothing listens are dropped, and that is said once', async () => {
    tap = await wiretapped()
    const agent = await tap.agent()
    agent.request(1, REQUEST)
    agent.request(2, REQUEST)
    await agent.untilDone(2)
    assert.deepEqual(tap.unheard, [8080])
    assert.deepEqual(tap.copies.counts, { copied: 0, dropped: { ...NONE, unheard: 2 } })
  })

  it('that answer as the app did are the same, whatever the framing and coding', async () => {
    const body = '{"a": 1, "b": [2]}'
    const chunked = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n8\r\n${body.slice(0, 8)}\r\na;x=1\r\n${body.slice(8)}\r\n0\r\n\r\n`
    tap = await wiretapped(gives(chunked), ['content-encoding'])
    const agent = await tap.agent()
    agent.request(1, REQUEST, answer('{"b":[2],"a":1}', JSON_TYPE))
    agent.request(2, REQUEST, answer(gzipSync(body), `${JSON_TYPE}Content-Encoding: gzip\r\n`))
    agent.request(3, REQUEST, answer(brotliCompressSync(body), `${JSON_TYPE}Content-Encoding: br\r\n`))
    agent.request(4, REQUEST, `HTTP/1.1 200 OK\r\n${JSON_TYPE}\r\n${body}`)
    await agent.untilDone(4)
    assert.deepEqual(tap.differences, [])
    assert.deepEqual(tap.copies.counts.compared, { same: 4, different: 0, uncompared: 0, untold: 0, pending: 0 })
  })

  it('that answer otherwise are told with where', async () => {
    tap = await wiretapped(gives(answer('{"host":"laptop","n":2}', `${JSON_TYPE}X-Up: 1\r\n`, '500 No')), ['$.host'])
    const agent = await tap.agent()
    agent.request(1, REQUEST, answer('{"host":"pod","n":1}', JSON_TYPE))
    await agent.untilDone(1)
    const [event] = tap.differences
    assert.deepEqual(
      { ...event, at: '' },
      {
        at: '',
        method: 'POST',
        target: '/orders?a=1',
        port: 8080,
        differences: [
          { field: 'status', app: '200', laptop: '500' },
          { field: 'x-up', laptop: '1' },
          { field: '$.n', app: '1', laptop: '2' },
        ],
        more: 0,
      },
    )
  })

  it('that the program does not answer are different; those that the app did not are not compared', async () => {
    let over = 0
    tap = await wiretapped((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-L'))
      socket.on('close', () => over++)
    }, [])
    const agent = await tap.agent()
    agent.request(1, REQUEST, answer('ok'))
    agent.request(2, REQUEST, '')
    agent.say('noAnswer', 2, 'large')
    agent.request(3, REQUEST, 'nonsense\r\n\r\n')
    while (over < 3) await turn()
    assert.deepEqual(tap.differences, [])
    tap.clock.advance(1000)
    await agent.untilDone(3)
    assert.deepEqual(
      tap.differences.map(({ differences }) => differences),
      [[{ field: 'answer', app: '200 with 2 bytes', laptop: 'none: the connection was closed' }]],
    )
    assert.deepEqual(tap.copies.counts.compared, { same: 0, different: 1, uncompared: 2, untold: 0, pending: 0 })
  })

  it('whose program ends just before its wiretap are not answered yet', async () => {
    let over = 0
    tap = await wiretapped((socket) => {
      socket.once('data', () => socket.destroy())
      socket.on('close', () => over++)
    }, [])
    const agent = await tap.agent()
    agent.request(1, REQUEST, answer('ok'))
    while (over < 1) await turn()
    tap.copies.close()
    while (!agent.over) await turn()
    assert.deepEqual(tap.differences, [])
    assert.deepEqual(tap.copies.counts.compared, { same: 0, different: 0, uncompared: 0, untold: 0, pending: 1 })
  })

  it('of HEAD end with the head, and an answer without a length ends with its connection', async () => {
    tap = await wiretapped((socket) => {
      socket.once('data', (bytes) => {
        if (bytes.toString().startsWith('HEAD')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n')
        else socket.end('HTTP/1.0 200 OK\r\n\r\nhello')
      })
    }, [])
    const agent = await tap.agent()
    agent.request(1, 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n')
    agent.request(2, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', answer('hello'))
    await agent.untilDone(2)
    assert.equal(tap.copies.counts.compared?.same, 2)
  })

  it('whose answer is larger than what is compared are different, and no more of it is read', async () => {
    let sent = 0
    tap = await wiretapped((socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65536))) sent += 65536
      }
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        more()
      })
      socket.on('drain', more)
    }, [])
    const agent = await tap.agent()
    agent.request(1, REQUEST, answer('ok'))
    await agent.untilDone(1)
    assert.equal(tap.differences[0]?.differences[0]?.laptop, 'larger than 1 MiB')
    assert.ok(sent < 16 * MAX_COPY_BYTES, `${sent} bytes were read`)
  })

  it('that hang are given up after 30 s; meanwhile 64 are under way, others are dropped and their agents slowed', async () => {
    let open = 0
    const reached = Promise.withResolvers<void>()
    tap = await wiretapped((socket) => {
      open++
      if (open === COPIES_UNDER_WAY) reached.resolve()
      socket.resume()
      socket.on('close', () => open--)
    })
    const [agent, other] = [await tap.agent(), await tap.agent()]
    for (let id = 1; id <= COPIES_UNDER_WAY; id++) agent.request(id, REQUEST)
    await reached.promise
    for (let id = 1; id <= 10; id++) other.request(id, REQUEST)
    while (tap.copies.counts.dropped.slow < 10) await turn()
    assert.deepEqual([open, agent.done, other.done], [COPIES_UNDER_WAY, 0, 0])
    tap.clock.advance(30_000)
    await Promise.all([agent.untilDone(COPIES_UNDER_WAY), other.untilDone(10)])
    while (open > 0) await turn()
    assert.deepEqual(tap.copies.counts, { copied: COPIES_UNDER_WAY, dropped: { ...NONE, slow: 10 } })
  })

  it('hold no more memory than they may, and all of it is given back', async () => {
    const sockets: Socket[] = []
    tap = await wiretapped((socket) => void sockets.push(socket.resume()))
    const agent = await tap.agent()
    const large = Buffer.concat([Buffer.from('POST / HTTP/1.1\r\n\r\n'), Buffer.alloc(MAX_COPY_BYTES - 19)])
    for (let id = 1; id <= 40; id++) agent.request(id, large)
    while (tap.copies.counts.dropped.slow < 8 || sockets.length < 32) await turn()
    assert.equal(sockets.length, 32)
    for (const socket of sockets) socket.destroy()
    await agent.untilDone(40)
    agent.request(41, large)
    while (sockets.length < 33) await turn()
    sockets[32]?.destroy()
    await agent.untilDone(41)
  })

  it('of a port that is none of the attachment reach nothing', async () => {
    let connected = 0
    tap = await wiretapped(() => connected++)
    const agent = await tap.agent()
    agent.say('answer', 9, 'of a copy that never was')
    const payload = Buffer.concat([Buffer.from([0, 22, 0]), Buffer.from(REQUEST)])
    agent.flow.send(Buffer.concat([Buffer.from([1, 0, 0, 0, 1, 0, 0, 0, payload.length]), payload]))
    await agent.untilDone(1)
    assert.equal(connected, 0)
  })

  it('end with the wiretap; a stream that breaks the protocol ends alone', async () => {
    const closed = Promise.withResolvers<void>()
    tap = await wiretapped((socket) => void socket.resume().on('close', closed.resolve), [])
    const [agent, bad] = [await tap.agent(), await tap.agent()]
    agent.request(1, REQUEST, answer('ok'))
    while (tap.copies.counts.copied < 1) await turn()
    bad.flow.send(Buffer.from([1, 0, 0, 0, 1, 255, 255, 255, 255]))
    while (!bad.over) await turn()
    assert.equal(agent.over, false)
    tap.copies.close()
    await closed.promise
    while (!agent.over) await turn()
    assert.deepEqual(tap.copies.counts.compared, { same: 0, different: 0, uncompared: 0, untold: 0, pending: 1 })
  })

  it('of an agent that has more under way than it may are taken no more', async () => {
    tap = await wiretapped((socket) => void socket.resume())
    const agent = await tap.agent()
    for (let id = 1; id <= COPIES_UNDER_WAY + 1; id++) agent.request(id, REQUEST)
    while (!agent.over) await turn()
    assert.deepEqual(tap.copies.counts.dropped, NONE)
  })

  it('count what agents say, also when one takes another one’s place', async () => {
    tap = await wiretapped()
    const say = (pod: string, slow: number, rate = 0): void =>
      tap.copies.onCounts(pod, {
        kind: 'copies',
        intercept: 'w',
        copied: 0,
        dropped: { slow, rate, large: 0, broken: 0 },
      })
    say('p1', 3)
    say('p2', 4, 1)
    say('p1', 5)
    say('p1', 1)
    assert.deepEqual(tap.copies.counts.dropped, { ...NONE, slow: 10, rate: 1 })
  })
})
