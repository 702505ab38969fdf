/** A tunnel of one kind between a load and a sink: its processes, and what they cost. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { end, printed } from '../lib/times.ts'
import { startHaproxy } from './haproxy.ts'

export type Kind = 'mux' | 'mux-tls' | 'circuit' | 'pipe' | 'pipe-tls' | 'haproxy'

export interface Tunnel {
  /** Where the load connects. */
  port: number
  /** Seconds of processor time that its processes have used. */
  cpuSeconds(): number
  close(): Promise<void>
}

const TICKS = 100

/** A program of this folder that prints its port first, or 0 when nobody may connect to it. */
export async function startProgram(name: string, ...args: string[]): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, name), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [, port] = await printed(child, /(\d+)\n/)
  return { child, port: Number(port) }
}

export async function startTunnel(kind: Kind, sink: number): Promise<Tunnel> {
  const ends: ChildProcess[] = []
  const keep = ({ child, port }: { child: ChildProcess; port: number }): number => {
    ends.push(child)
    return port
  }
  const start = async (side: 'near' | 'far', to: number): Promise<number> => {
    if (kind === 'haproxy') return keep(await startHaproxy(to))
    return keep(await startProgram('ends.ts', kind, side, String(to)))
  }
  const carried = async (): Promise<number> => {
    const manager = String(keep(await startProgram('carried.ts', 'manager')))
    keep(await startProgram('carried.ts', 'far', manager, String(sink)))
    return keep(await startProgram('carried.ts', 'near', manager))
  }
  const port = kind === 'circuit' ? await carried() : await start('near', await start('far', sink))
  return {
    port,
    cpuSeconds: () => ends.reduce((sum, { pid }) => sum + cpuOf(pid ?? 0), 0),
    close: async () => {
      await Promise.all(ends.map(end))
    },
  }
}

/** User and system time of a process (proc_pid_stat(5)). */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}
