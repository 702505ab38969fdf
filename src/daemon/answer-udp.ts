/** What of a DNS answer fits into one UDP message to the program (RFC 1035 §4.2.1, RFC 6891 §6.2.3). */
import { decode } from 'dns-packet'

const HEADER_BYTES = 12
const PLAIN_BYTES = 512
const TRUNCATED = 0x02

/**
 * @param answer as the cluster's resolver gave it, of any length
 * @param query what the program asked, which says how much it takes
 * @returns the answer, or its head and question marked as cut off: the program then asks again by TCP
 */
export function answerForUdp(answer: Buffer, query: Buffer): Buffer {
  if (answer.length <= PLAIN_BYTES || answer.length <= sizeOf(query)) return answer
  const cut = Buffer.from(answer.subarray(0, endOfQuestions(answer)))
  cut[2] = (cut[2] ?? 0) | TRUNCATED
  // No records follow.
  cut.fill(0, 6, HEADER_BYTES)
  return cut
}

/** How many bytes the asker takes: its EDNS size, if it says one. */
function sizeOf(query: Buffer): number {
  try {
    const edns = decode(query).additionals?.find((record) => record.type === 'OPT')
    return edns?.type === 'OPT' ? Math.max(PLAIN_BYTES, edns.udpPayloadSize) : PLAIN_BYTES
  } catch {
    return PLAIN_BYTES
  }
}

/** Questions hold names as labels, each with its length before it (RFC 1035 §4.1.2). */
function endOfQuestions(message: Buffer): number {
  let at = HEADER_BYTES
  for (let count = message.readUInt16BE(4); count > 0; count--) {
    for (let length = message[at] ?? 0; length > 0 && length < 64; length = message[at] ?? 0) at += length + 1
    at += 5
  }
  return Math.min(at, message.length)
}
