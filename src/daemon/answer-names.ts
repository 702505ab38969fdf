/** Port 53 of a program's network: each question goes to the cluster, each answer back. */
import type dgram from 'node:dgram'
import type { Server, Socket } from 'node:net'
import { answerForUdp } from './answer-udp.ts'

/** Bits of a DNS answer that says "server failure" (RFC 1035 §4.1.1): QR, RA, RCODE 2. */
const SERVFAIL = [0x80, 0x82] as const
const HEADER_BYTES = 12
/** The operation code and "recursion desired" of a question stand in its answer too. */
const KEPT_BITS = 0x79

/** Asks the cluster; rejects when nobody answers. */
export type Resolve = (query: Buffer) => Promise<Buffer>

export function answerUdp(socket: dgram.Socket, resolve: Resolve): void {
  socket.on('error', () => {})
  socket.on('message', (query, { address, port }) => {
    void answer(query, resolve).then((bytes) => {
      if (bytes === undefined) return
      try {
        socket.send(answerForUdp(bytes, query), port, address, () => {})
      } catch {
        // The program has ended meanwhile, and its socket with it.
      }
    })
  })
}

/** @param server whose connections are paused and half-open capable */
export function answerTcp(server: Server, resolve: Resolve): void {
  server.on('connection', (socket) => serve(socket, resolve))
}

function serve(socket: Socket, resolve: Resolve): void {
  let rest: Buffer = Buffer.alloc(0)
  let waiting = 0
  let asked = false
  const endWhenDone = (): void => {
    if (asked && waiting === 0) socket.end()
  }
  socket.on('error', () => {})
  socket.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE()) {
      const end = 2 + rest.readUInt16BE()
      waiting++
      void answer(rest.subarray(2, end), resolve).then((reply) => {
        waiting--
        if (reply !== undefined && socket.writable) socket.write(framed(reply))
        endWhenDone()
      })
      rest = rest.subarray(end)
    }
  })
  socket.on('end', () => {
    asked = true
    endWhenDone()
  })
  socket.resume()
}

function framed(message: Buffer): Buffer {
  const length = Buffer.allocUnsafe(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

/** The cluster's answer, or "server failure"; undefined for what is no question. */
async function answer(query: Buffer, resolve: Resolve): Promise<Buffer | undefined> {
  if (query.length < HEADER_BYTES) return undefined
  try {
    return await resolve(query)
  } catch {
    const failure = Buffer.from(query)
    failure[2] = SERVFAIL[0] | ((query[2] ?? 0) & KEPT_BITS)
    failure[3] = SERVFAIL[1]
    return failure
  }
}
