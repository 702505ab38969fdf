/** Established connections of this network namespace, from /proc/net (proc_pid_net(5)). */
import { SocketAddress } from 'node:net'
import { endianness } from 'node:os'
import { socketTables } from '../takeover/listening.ts'

/** One connection as the app has it. Addresses are hex in network order, 8 or 32 digits. */
export interface Connection {
  local: string
  port: number
  remote: string
  remotePort: number
  /** Of its socket; 0 while nobody has accepted it. */
  inode: number
}

/** Of a row: local address and port, remote ones, state ESTABLISHED (1), queues, timer, retransmissions, uid, timeout, inode. */
const ROW = /^ *\d+: ([\dA-F]+):([\dA-F]{4}) ([\dA-F]+):([\dA-F]{4}) 01 \S+ \S+ \S+ +\d+ +\d+ (\d+)/gm
const MAPPED = '00000000000000000000ffff'
const LOOPBACK_V6 = '00000000000000000000000000000001'
const SWAPPED = endianness() === 'LE'

/** Connections from outside the pod to these ports, of both address families. */
export function connectionsTo(ports: ReadonlySet<number>): Connection[] {
  return socketTables().flatMap((table) => connectionsIn(table, ports))
}

/** @param table text of /proc/net/tcp or tcp6 */
export function connectionsIn(table: string, ports: ReadonlySet<number>): Connection[] {
  const found: Connection[] = []
  for (const [, local = '', port = '', remote = '', remotePort = '', inode] of table.matchAll(ROW)) {
    const number = Number.parseInt(port, 16)
    // The pod speaks to itself: the agent to the app, a sidecar, a probe of its own.
    if (!ports.has(number) || remote === local) continue
    const from = networkOrder(remote)
    if (isLoopback(from)) continue
    found.push({
      local: networkOrder(local),
      port: number,
      remote: from,
      remotePort: Number.parseInt(remotePort, 16),
      inode: Number(inode),
    })
  }
  return found
}

/** An address of a `Connection` as Node writes it; IPv4 also where it is mapped. */
export function addressOf(hex: string): string {
  const octets = Buffer.from(hex, 'hex')
  if (octets.length === 4 || hex.startsWith(MAPPED)) return octets.subarray(-4).join('.')
  const groups = Array.from({ length: 8 }, (_, at) => octets.readUInt16BE(2 * at).toString(16))
  return new SocketAddress({ family: 'ipv6', address: groups.join(':') }).address
}

/** The kernel prints words as the machine has them. */
function networkOrder(address: string): string {
  const bytes = Buffer.from(address, 'hex')
  return (SWAPPED ? bytes.swap32() : bytes).toString('hex')
}

function isLoopback(address: string): boolean {
  if (address.length === 8) return address.startsWith('7f')
  return address === LOOPBACK_V6 || address.startsWith(`${MAPPED}7f`)
}
