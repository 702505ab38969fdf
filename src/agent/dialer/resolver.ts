/** Asks a DNS server, over UDP, and over TCP when the answer does not fit (RFC 1035 §4.2). */
import { createSocket } from 'node:dgram'
import { getServers } from 'node:dns'
import { connect } from 'node:net'
import type { Clock } from '../../lib/clock.ts'
import { framed, frames } from './frames.ts'

const ANSWER_MS = 5000
/** A datagram may be lost. */
const AGAIN_MS = 1500
export const DNS_HEADER_BYTES = 12
/** Bit TC of the flags: the answer was cut, ask again over TCP. */
const TRUNCATED = 0x02

export interface DnsServer {
  host: string
  port: number
}

/** The first server of resolv.conf. */
export function nameserver(): DnsServer {
  const [first = '127.0.0.1'] = getServers()
  const match = /^\[(.*)\]:(\d+)$/.exec(first) ?? /^([\d.]+):(\d+)$/.exec(first)
  return match === null ? { host: first, port: 53 } : { host: match[1] ?? '', port: Number(match[2]) }
}

/** The answer to one message, as the server gave it. Rejects when there is none within 5 s. */
export async function askDns(query: Buffer, server: DnsServer, clock: Clock): Promise<Buffer> {
  const answer = await askUdp(query, server, clock)
  return (answer.readUInt8(2) & TRUNCATED) === 0 ? answer : askTcp(query, server, clock)
}

async function askUdp(query: Buffer, { host, port }: DnsServer, clock: Clock): Promise<Buffer> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const late = clock.after(ANSWER_MS, () => reject(new Error('the resolver does not answer')))
  const again = clock.every(AGAIN_MS, () => socket.send(query))
  socket.on('error', reject)
  socket.on('message', (answer) => {
    if (answer.length >= DNS_HEADER_BYTES && answer.readUInt16BE() === query.readUInt16BE()) resolve(answer)
  })
  // Connected: the kernel drops what comes from elsewhere.
  socket.connect(port, host, () => socket.send(query))
  try {
    return await promise
  } finally {
    late.cancel()
    again.cancel()
    socket.close()
  }
}

async function askTcp(query: Buffer, server: DnsServer, clock: Clock): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const late = clock.after(ANSWER_MS, () => reject(new Error('the resolver does not answer')))
  const socket = connect(server, () => socket.write(framed(query)))
  socket.on('error', reject).on('close', () => reject(new Error('the resolver hung up')))
  socket.on('data', frames(resolve))
  try {
    return await promise
  } finally {
    late.cancel()
    socket.destroy()
  }
}
