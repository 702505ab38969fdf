/** A tunnel of one kind between a load and a sink: its processes, and what they cost. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { cpuSeconds } from '../lib/cpu.ts'
import { end, printed } from '../lib/times.ts'
import { haproxyTunnel } from './haproxy.ts'

export type Kind = 'mux' | 'mux-tls' | 'circuit' | 'pipe' | 'pipe-tls' | 'haproxy'

export interface Tunnel {
  /** Where the load connects. */
  port: number
  /** Seconds of processor time that its processes have used. */
  cpuSeconds(): number
  close(): Promise<void>
}

/** A program of this folder that prints its port first, or 0 when nobody may connect to it. */
export async function startProgram(name: string, ...args: string[]): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, name), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [, port] = await printed(child, /(\d+)\n/)
  return { child, port: Number(port) }
}

export async function startTunnel(kind: Kind, sink: number): Promise<Tunnel> {
  const ends: { pid: number; close(): Promise<void> }[] = []
  const keep = ({ child, port }: { child: ChildProcess; port: number }): number => {
    ends.push({ pid: child.pid ?? 0, close: () => end(child) })
    return port
  }
  const start = async (side: 'near' | 'far', to: number): Promise<number> => {
    if (kind === 'haproxy') {
      const haproxy = await haproxyTunnel(to)
      ends.push(haproxy)
      return haproxy.port
    }
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
    cpuSeconds: () => ends.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
    close: async () => {
      await Promise.all(ends.map((one) => one.close()))
    },
  }
}
