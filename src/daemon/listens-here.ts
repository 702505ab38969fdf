/** Whether a program of this laptop listens on a port: read, not tried, so that no program sees a connection of ours. */
import { readFileSync } from 'node:fs'

const LISTEN = '0A'

/** @param tables texts of /proc/net/tcp and tcp6 (proc_pid_net(5)) @returns true also when they cannot be read */
export function listensHere(port: number, tables = readTables()): boolean {
  if (tables === undefined) return true
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return tables.some((table) =>
    table.split('\n').some((line) => {
      const [, address = '', , state] = line.trim().split(/\s+/)
      return state === LISTEN && address.endsWith(`:${hex}`)
    }),
  )
}

function readTables(): string[] | undefined {
  try {
    return [readFileSync('/proc/net/tcp', 'utf8'), readTcp6()]
  } catch {
    return undefined
  }
}

/** Absent where IPv6 is off. */
function readTcp6(): string {
  try {
    return readFileSync('/proc/net/tcp6', 'utf8')
  } catch {
    return ''
  }
}
