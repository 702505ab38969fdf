import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { Server as GrpcServer, type Metadata, ServerCredentials } from '@grpc/grpc-js'
import { type Wiretapped, wiretapped } from './fixtures.ts'
import { CALL, sessions, status, told } from './fixtures-http2.ts'

let tap: Wiretapped

describe('copies for a program that speaks HTTP/2 only, compared', { timeout: 30_000 }, () => {
  afterEach(async () => {
    await tap.close()
    sessions.length = 0
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
    assert.deepEqual(told(tap), [])
    agent.request(3, CALL, app('', 'grpc-status: 5\r\ngrpc-message: none\r\n'))
    await agent.untilDone(3)
    assert.deepEqual(told(tap), [
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
    assert.deepEqual(told(tap), [])
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
})
