/** Hands DNS messages (RFC 1035) of a laptop to the cluster's resolver, as they are. */
import type { Clock } from '../../lib/clock.ts'
import type { Opening } from '../../wire/session/contract.ts'
import { framed, frames } from './frames.ts'
import { askDns, DNS_HEADER_BYTES, type DnsServer, nameserver } from './resolver.ts'

const MAX_PENDING = 512
/** Flag QR in the first byte of the flags, SERVFAIL in the second. */
const IS_ANSWER = 0x80
const SERVER_FAILURE = 2

/**
 * Answers one `dns` stream: messages with a two-byte length before each, both ways; answers in any order. A question that
 * the resolver leaves open is answered with SERVFAIL; while too many are open no more are read.
 * @param server who is asked; the one of resolv.conf
 */
export function serveDns(opening: Opening, clock: Clock, server: DnsServer = nameserver()): void {
  const stream = opening.accept()
  let pending = 0
  let ended = false
  let open = true
  const onAnswer = (answer: Buffer): void => {
    pending--
    if (!open) return
    stream.send(framed(answer))
    if (pending < MAX_PENDING) stream.resume()
    if (ended && pending === 0) stream.end()
  }
  const onData = frames((query) => {
    if (query.length < DNS_HEADER_BYTES) return
    pending++
    if (pending >= MAX_PENDING) stream.pause()
    askDns(query, server, clock)
      .catch(() => failure(query))
      .then(onAnswer)
  })
  stream.bind({
    onData,
    onEnd() {
      ended = true
      if (pending === 0) stream.end()
    },
    onDrain() {},
    onClose() {
      open = false
    },
  })
}

/** The question again, as an answer that says that there is none now. */
function failure(query: Buffer): Buffer {
  const answer = Buffer.from(query)
  answer.writeUInt8(answer.readUInt8(2) | IS_ANSWER, 2)
  answer.writeUInt8((answer.readUInt8(3) & 0xf0) | SERVER_FAILURE, 3)
  return answer
}
