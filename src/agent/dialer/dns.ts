/** Hands DNS messages (RFC 1035) of a laptop to the cluster's resolver, as they are. */
import { createSocket } from 'node:dgram'
import { getServers } from 'node:dns'
import { connect } from 'node:net'
import type { Opening, Stream } from '../../wire/session/contract.ts'

const ANSWER_MS = 5000
const MAX_PENDING = 512
const HEADER_BYTES = 12
/** Bit TC of the flags: the answer was cut, ask again over TCP. */
const TRUNCATED = 0x02

/** Answers one `dns` stream: messages with a two-byte length before each, both ways; answers in any order. */
export function serveDns(opening: Opening): void {
  const stream = opening.accept()
  let pending = 0
  let open = true
  const framed = frames((query) => {
    if (pending >= MAX_PENDING || query.length < HEADER_BYTES) return
    pending++
    ask(query)
      .then((answer) => {
        if (open) sendFramed(stream, answer)
      })
      .catch(() => {})
      .finally(() => pending--)
  })
  stream.bind({
    onData: framed,
    onEnd: () => stream.end(),
    onDrain() {},
    onClose() {
      open = false
    },
  })
}

function sendFramed(stream: Stream, message: Buffer): void {
  const length = Buffer.allocUnsafe(2)
  length.writeUInt16BE(message.length)
  stream.send(Buffer.concat([length, message]))
}

/** Cuts a byte stream into messages with a two-byte length before each. */
function frames(onMessage: (message: Buffer) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE()) {
      const end = 2 + rest.readUInt16BE()
      onMessage(rest.subarray(2, end))
      rest = rest.subarray(end)
    }
  }
}

/** The first nameserver of resolv.conf. */
function nameserver(): { host: string; port: number } {
  const [first = '127.0.0.1'] = getServers()
  const match = /^\[(.*)\]:(\d+)$/.exec(first) ?? /^([\d.]+):(\d+)$/.exec(first)
  return match === null ? { host: first, port: 53 } : { host: match[1] ?? '', port: Number(match[2]) }
}

async function ask(query: Buffer): Promise<Buffer> {
  const answer = await askUdp(query)
  return ((answer[2] ?? 0) & TRUNCATED) === 0 ? answer : askTcp(query)
}

async function askUdp(query: Buffer): Promise<Buffer> {
  const { host, port } = nameserver()
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const timer = setTimeout(() => reject(new Error('the resolver does not answer')), ANSWER_MS)
  socket.on('error', reject)
  socket.on('message', (answer) => {
    if (answer.length >= HEADER_BYTES && answer.readUInt16BE() === query.readUInt16BE()) resolve(answer)
  })
  socket.connect(port, host, () => socket.send(query))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    socket.close()
  }
}

async function askTcp(query: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const socket = connect(nameserver(), () => {
    const length = Buffer.allocUnsafe(2)
    length.writeUInt16BE(query.length)
    socket.write(Buffer.concat([length, query]))
  })
  socket.setTimeout(ANSWER_MS, () => reject(new Error('the resolver does not answer')))
  socket.on('error', reject).on('close', () => reject(new Error('the resolver hung up')))
  socket.on('data', frames(resolve))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}
