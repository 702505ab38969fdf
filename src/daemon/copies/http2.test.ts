/** Copies at programs that speak HTTP/2 only. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttp1Server } from 'node:http'
import {
  createSecureServer,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { Server as GrpcServer, type Metadata, ServerCredentials } from '@grpc/grpc-js'
import { createAuthority, createCertificate } from '../../wire/session/authority.ts'
import { type Wiretapped, wiretapped } from './fixtures.ts'

/** As the agent writes a gRPC call that came in HTTP/2: two messages' worth of DATA, and trailers. */
const CALL =
  'POST /shop.v1.Orders/Get HTTP/1.1\r\nhost: orders:80\r\ncontent-type: application/grpc+proto\r\nx-two: a\r\nx-two: b\r\n' +
  'cookie: a=1; b=2\r\ntransfer-encoding: chunked\r\nte: trailers\r\nconnection: te\r\n\r\n' +
  '6\r\n\0\0\0\0\x01h\r\n2\r\nel\r\n0\r\nx-end: said\r\n\r\n'
const GET = 'GET /orders/3?a=1 HTTP/1.1\r\nHost: orders\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const SAME = { same: 1, different: 0, uncompared: 0, untold: 0, pending: 0 }

const authority = createAuthority('laptop')
const { cert, key } = createCertificate(authority, 'program', { hosts: ['localhost'] })

interface Heard {
  headers: IncomingHttpHeaders
  body: string
  trailers: IncomingHttpHeaders
}

let tap: Wiretapped
const sessions: ServerHttp2Session[] = []

/** A program of this server, which is never listening itself. */
const by = (server: { emit(event: 'connection', socket: Socket): boolean }) => (socket: Socket) =>
  void server.emit('connection', socket)

/** A server of HTTP/2 without TLS. */
function http2(onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void) {
  const server = createServer()
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    onStream(stream, headers)
  })
  server.on('session', (session) => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('sessionError', () => {})
  return by(server)
}

/** Answers `ok` when the request is whole. */
const fine = (heard: Heard[] = []) =>
  http2((stream, headers) => {
    const got: Heard = { headers, body: '', trailers: {} }
    stream.on('data', (bytes: Buffer) => {
      got.body += bytes.toString('latin1')
    })
    stream.on('trailers', (fields: IncomingHttpHeaders) => {
      got.trailers = fields
    })
    stream.on('end', () => {
      heard.push(got)
      stream.respond({ ':status': 200 })
      stream.end('ok')
    })
  })

/** Answers as gRPC servers do. */
const status = (code: string) =>
  http2((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': code }))
    stream.resume().on('end', () => stream.end('hi'))
  })

const told = () => tap.differences.map(({ differences }) => differences)

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

  it('are compared with their trailers, wherever these stand', async () => {
    const app = (fields: string, trailers: string): string =>
      `HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\n${fields}transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${trailers}\r\n`
    tap = await wiretapped(status('0'), [])
    const agent = await tap.agent()
    agent.request(1, CALL, app('', 'grpc-status: 0\r\n'))
    await agent.untilDone(1)
    agent.request(2, CALL, app('grpc-status: 0\r\n', ''))
    await agent.untilDone(2)
    assert.deepEqual(told(), [])
    agent.request(3, CALL, app('', 'grpc-status: 5\r\ngrpc-message: none\r\n'))
    await agent.untilDone(3)
    assert.deepEqual(told(), [
      [
        { field: 'grpc-message', app: 'none' },
        { field: 'grpc-status', app: '5', laptop: '0' },
      ],
    ])
  })

  it('reach a server of grpc-js, also when it answers with trailers only', async () => {
    const server = new GrpcServer()
    const same = (message: Buffer): Buffer => message
    const codings = {
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    }
    const unary = { path: '/shop.v1.Orders/Get', requestStream: false, responseStream: false, ...codings }
    const metadata: Metadata[] = []
    server.addService(
      { get: unary },
      {
        get(call: { metadata: Metadata; request: Buffer }, done: (error: null, answer: Buffer) => void) {
          metadata.push(call.metadata)
          done(null, Buffer.concat([Buffer.from('got '), call.request]))
        },
      },
    )
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
    tap = await wiretapped(
      (socket) => injector.injectConnection(socket),
      ['grpc-accept-encoding', 'grpc-encoding', 'content-type'],
    )
    const agent = await tap.agent()
    const call = (method: string): string =>
      `POST /shop.v1.Orders/${method} HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc\r\nx-user: jane\r\ntransfer-encoding: chunked\r\nte: trailers\r\nconnection: te\r\n\r\n` +
      '7\r\n\0\0\0\0\x02hi\r\n0\r\n\r\n'
    agent.request(
      1,
      call('Get'),
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n\0\0\0\0\x06got hi\r\n0\r\ngrpc-status: 0\r\ngrpc-message: OK\r\n\r\n',
    )
    await agent.untilDone(1)
    assert.deepEqual(told(), [])
    assert.deepEqual(metadata[0]?.get('x-user'), ['jane'])
    agent.request(
      2,
      call('Nothing'),
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\ngrpc-status: 0\r\n\r\n',
    )
    await agent.untilDone(2)
    assert.deepEqual(
      tap.differences[0]?.differences.find(({ field }) => field === 'grpc-status'),
      {
        field: 'grpc-status',
        app: '0',
        laptop: '12',
      },
    )
    server.forceShutdown()
  })

  it('that came in TLS reach one whose TLS is for HTTP/2 only', async () => {
    const heard: string[] = []
    const server = createSecureServer({ cert, key }, (request, response) => {
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
      { cert, key, ALPNCallback: choose },
      (socket) => void inner.emit('connection', socket),
    )
    const silent = createTlsServer({ cert, key }, (socket) => void socket.end())
    let opened = 0
    tap = await wiretapped((socket) => by(++opened === 1 ? silent : server)(socket), [])
    const agent = await tap.agent()
    agent.request(1, GET, OK, true)
    await agent.untilDone(1)
    assert.deepEqual(told(), [])
    assert.deepEqual(tap.copies.counts.compared, SAME)
  })

  it('that came in TLS reach one without TLS', async () => {
    const heard: Heard[] = []
    tap = await wiretapped(fine(heard), [])
    const agent = await tap.agent()
    agent.request(1, GET, OK, true)
    await agent.untilDone(1)
    assert.equal(heard[0]?.headers[':scheme'], 'https')
    assert.deepEqual(told(), [])
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
    assert.deepEqual(told(), [])
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
    assert.deepEqual(told(), [])
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
      told()
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
    assert.deepEqual(told(), [])
    assert.deepEqual(tap.copies.counts.compared, { ...SAME, same: 0, pending: 1 })
  })

  it('that HTTP/2 cannot say are told so, and others go on', async () => {
    tap = await wiretapped(fine(), [])
    const agent = await tap.agent()
    agent.request(1, 'GET /a HTTP/1.1\r\nHost: not a host\r\n\r\n', OK)
    agent.request(2, 'GET /b HTTP/1.1\r\nHost: a\r\nUser-Agent: a\r\nUser-Agent: b\r\n\r\n', OK)
    agent.request(3, GET, OK)
    await agent.untilDone(3)
    for (const [one] of told())
      assert.match(one?.laptop ?? '', /^none: HTTP\/2, which it speaks, cannot say the request/)
    assert.deepEqual(tap.copies.counts.compared, { ...SAME, different: 2 })
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
    assert.deepEqual(told(), [])
    assert.deepEqual(tap.copies.counts.compared, { ...SAME, same: 8 })
  })

  it('of one that speaks something else say so', async () => {
    tap = await wiretapped((socket) => void socket.once('data', () => socket.end('-ERR unknown command\r\n')), [])
    const agent = await tap.agent()
    agent.request(1, GET, OK)
    await agent.untilDone(1)
    assert.deepEqual(told(), [
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
    assert.deepEqual(told(), [[{ field: 'answer', app: '200 with 2 bytes', laptop: 'none: it does not speak HTTP/2' }]])
  })
})
