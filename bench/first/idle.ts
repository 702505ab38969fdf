/** Memory of what runs when nobody asks anything. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type Process, processes } from '../../test/e2e/processes.ts'
import { type Figure, figure } from '../lib/figure.ts'
import { must, type Shop } from '../lib/shop.ts'
import { times } from '../lib/times.ts'

const MB = 1e6
const SETTLE_MS = 10_000
const BETWEEN_MS = 200

interface Row {
  name: string
  what: RegExp
  /** Which field of smaps_rollup. */
  field: 'Anonymous' | 'Rss'
  limit: number
  mine?: (one: Process) => boolean
}

export async function idle({ say, env }: Shop): Promise<Figure[]> {
  say('idle memory')
  await must(['intercept', 'deploy/orders', '-n', 'shop', '--header', 'x-user=bench'], env)
  await delay(SETTLE_MS)
  const ofLaptop = ({ environment }: Process): boolean => environment.includes(`REMOCAL_HOME=${env.REMOCAL_HOME}\n`)
  const agent = /(main\.ts|remocal\.mjs) agent --namespace/
  const rows: Row[] = [
    { name: 'agent, anonymous memory', what: agent, field: 'Anonymous', limit: 25 },
    { name: 'agent, RSS', what: agent, field: 'Rss', limit: 65 },
    { name: 'manager, RSS', what: /(main\.ts|remocal\.mjs) manager$/, field: 'Rss', limit: 90 },
    { name: 'daemon, RSS', what: /(main\.ts|remocal\.mjs) daemon$/, field: 'Rss', limit: 90, mine: ofLaptop },
  ]
  const figures: Figure[] = []
  for (const row of rows) {
    const values = await times(async () => {
      await delay(BETWEEN_MS)
      return largest(row)
    })
    const { name, limit } = row
    figures.push(figure({ name, values, unit: 'MB', goal: `≤ ${limit} MB`, holds: (value) => value <= limit }))
  }
  await must(['leave'], env)
  return figures
}

/** Of the processes that a row is about, the size of the largest, in MB. */
function largest({ name, what, field, mine = () => true }: Row): number {
  const found = processes(what).filter(mine)
  if (found.length === 0) throw new Error(`${name}: no such process was found`)
  return Math.max(...found.map(({ pid }) => sizeOf(pid, field))) / MB
}

/** Bytes of one kind of memory (proc_pid_smaps(5)). */
function sizeOf(pid: number, field: string): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
}
