/** Where processes of this network namespace listen, from /proc/net (proc_pid_net(5)). */
import { readFileSync } from 'node:fs'

const LISTEN = '0A'
const LOOPBACK_V6 = '00000000000000000000000001000000'

/** Ports on which something listens at an address that other pods reach. */
export function listeningPorts(): Set<number> {
  return new Set(socketTables().flatMap(portsIn))
}

/** All TCP sockets of this network namespace, one text for each IP version. */
export function socketTables(): string[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].map(read)
}

/** @param table text of /proc/net/tcp or tcp6 */
export function portsIn(table: string): number[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local, , state] = line.trim().split(/\s+/)
      if (state !== LISTEN || local === undefined) return []
      const [address = '', port = ''] = local.split(':')
      return isLoopback(address) ? [] : [Number.parseInt(port, 16)]
    })
}

/** Addresses stand in the byte order of the machine, word by word. */
function isLoopback(address: string): boolean {
  if (address.length === 8) return address.endsWith('7F')
  return address === LOOPBACK_V6 || (address.startsWith('0000000000000000FFFF0000') && address.endsWith('7F'))
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
