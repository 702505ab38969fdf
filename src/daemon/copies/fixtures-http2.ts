/** For tests: programs of this machine that speak HTTP/2 only, and copies for them. */
import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { DifferenceEvent, WiretapCounts } from '../../lib/daemon-api.ts'
import { type Certificate, createAuthority, createCertificate } from '../../wire/session/authority.ts'
import type { Wiretapped } from './fixtures.ts'

/** As the agent writes a gRPC call that came in HTTP/2: two messages' worth of DATA, and trailers. */
export const CALL: string =
  'POST /shop.v1.Orders/Get HTTP/1.1\r\nhost: orders:80\r\ncontent-type: application/grpc+proto\r\nx-two: a\r\nx-two: b\r\n' +
  'cookie: a=1; b=2\r\ntransfer-encoding: chunked\r\nte: trailers\r\nconnection: te\r\n\r\n' +
  '6\r\n\0\0\0\0\x01h\r\n2\r\nel\r\n0\r\nx-end: said\r\n\r\n'
export const GET: string =
  'GET /orders/3?a=1 HTTP/1.1\r\nHost: orders\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\r\n'
export const OK: string = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
export const SAME: NonNullable<WiretapCounts['compared']> = {
  same: 1,
  different: 0,
  uncompared: 0,
  untold: 0,
  pending: 0,
}

const authority = createAuthority('laptop')
/** Of a program that speaks TLS. */
export const CREDENTIALS: Certificate = createCertificate(authority, 'program', { hosts: ['localhost'] })

/** What a program does with a connection. */
export type Accept = (socket: Socket) => void

export interface Heard {
  headers: IncomingHttpHeaders
  body: string
  trailers: IncomingHttpHeaders
}

export const sessions: ServerHttp2Session[] = []

/** A program of this server, which is never listening itself. */
export const by =
  (server: { emit(event: 'connection', socket: Socket): boolean }): Accept =>
  (socket) =>
    void server.emit('connection', socket)

/** A server of HTTP/2 without TLS. */
export function http2(onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void): Accept {
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
export const fine = (heard: Heard[] = []): Accept =>
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
export const status = (code: string): Accept =>
  http2((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': code }))
    stream.resume().on('end', () => stream.end('hi'))
  })

/** What was told of differences, answer by answer. */
export const told = ({ differences }: Wiretapped): DifferenceEvent['differences'][] =>
  differences.map((one) => one.differences)
