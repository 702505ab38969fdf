/** Connections of the app that were open before its port was taken, from /proc/net (proc_pid_net(5)). */
import { SocketAddress } from 'node:net'

const ESTABLISHED = '01'

/**
 * @param tables texts of /proc/net/tcp and tcp6
 * @param ports of the app
 * @param isOurs whether we accepted the connection of a client, `address port`
 * @returns the clients' addresses, each once, without those of the pod itself
 */
export function bypassing(
  tables: readonly string[],
  ports: ReadonlySet<number>,
  isOurs: (client: string) => boolean,
): Set<string> {
  const found = new Set<string>()
  for (const table of tables) {
    for (let at = nextLine(table, 0); at < table.length; at = nextLine(table, at)) {
      const [, local = '', remote = '', state] = table
        .slice(at, at + LINE_CHARS)
        .trimStart()
        .split(/\s+/, 4)
      if (state !== ESTABLISHED || !ports.has(portOf(local))) continue
      const [here, there] = [addressOf(local), addressOf(remote)]
      if (here !== there && !found.has(there) && !isOurs(`${there} ${portOf(remote)}`)) found.add(there)
    }
  }
  return found
}

/** Number, both addresses, state: what is behind that is not needed. */
const LINE_CHARS = 100

function nextLine(table: string, at: number): number {
  const end = table.indexOf('\n', at)
  return end < 0 ? table.length : end + 1
}

function portOf(endpoint: string): number {
  return Number.parseInt(endpoint.slice(endpoint.indexOf(':') + 1), 16)
}

/** Words in the byte order of the machine, little endian everywhere that an agent runs. As Node writes it; IPv4 also where it is mapped. */
function addressOf(endpoint: string): string {
  const hex = endpoint.slice(0, endpoint.indexOf(':'))
  const octets = Buffer.from(hex, 'hex')
  for (let at = 0; at + 4 <= octets.length; at += 4) octets.subarray(at, at + 4).reverse()
  if (octets.length === 4) return octets.join('.')
  if (octets.subarray(0, 12).equals(MAPPED)) return octets.subarray(12).join('.')
  const groups = Array.from({ length: 8 }, (_, at) => octets.readUInt16BE(2 * at).toString(16))
  return new SocketAddress({ family: 'ipv6', address: groups.join(':') }).address
}

const MAPPED = Buffer.from('00000000000000000000ffff', 'hex')
