/** Whether a program listens on a port: read, not tried, so that no program sees a connection of ours. */
import { readFileSync } from 'node:fs'

const LISTEN = '0A'

/** @param tables texts of `net/tcp` and `net/tcp6` (proc_pid_net(5)) @returns true also when they cannot be read */
export function listensHere(port: number, tables = tablesOf('self')): boolean {
  return tables === undefined || listeningPorts(tables).includes(port)
}

/** The ports on which anything listens, each once, in order. */
export function listeningPorts(tables = tablesOf('self')): number[] {
  const ports = (tables ?? []).flatMap((table) =>
    table.split('\n').flatMap((line) => {
      const [, address = '', , state] = line.trim().split(/\s+/)
      return state === LISTEN ? [Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16)] : []
    }),
  )
  return [...new Set(ports)].sort((a, b) => a - b)
}

/** Of the network that a process is in; undefined when they cannot be read. */
export function tablesOf(pid: number | 'self'): string[] | undefined {
  try {
    return [readFileSync(`/proc/${pid}/net/tcp`, 'utf8'), readTcp6(pid)]
  } catch {
    return undefined
  }
}

/** Absent where IPv6 is off. */
function readTcp6(pid: number | 'self'): string {
  try {
    return readFileSync(`/proc/${pid}/net/tcp6`, 'utf8')
  } catch {
    return ''
  }
}
