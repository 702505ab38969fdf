/**
 * Where processes of this network namespace listen, asked of the kernel (sock_diag(7)). Whoever reads /proc/net/tcp has it walk through the
 * connections of the whole node too, whatever he looks for.
 */
import { AF_INET, AF_INET6, NLM_F_DUMP, SOCK_DIAG_BY_FAMILY, type SockDiagQuestions } from './sock-diag-questions.ts'

const LISTEN = 10
/** Of `struct inet_diag_msg`. */
const PORT_AT = 4
const ADDRESS_AT = 8

/** Ports on which something listens at an address that other pods reach. Throws what the kernel says. */
export function listeningSockets(questions: SockDiagQuestions): Set<number> {
  const ports = new Set<number>()
  for (const family of [AF_INET, AF_INET6]) {
    questions.ask({ type: SOCK_DIAG_BY_FAMILY, flags: NLM_F_DUMP, family, states: 1 << LISTEN }, (message) => {
      if (!isLoopback(message)) ports.add(message.readUInt16BE(PORT_AT))
    })
  }
  return ports
}

/** Addresses are in network order. */
function isLoopback(message: Buffer): boolean {
  if (message[0] === AF_INET) return message[ADDRESS_AT] === 127
  const address = message.toString('hex', ADDRESS_AT, ADDRESS_AT + 16)
  return address === '00000000000000000000000000000001' || address.startsWith('00000000000000000000ffff7f')
}
