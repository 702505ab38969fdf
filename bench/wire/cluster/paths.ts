/** The ways from a laptop to the sink, each as its user has it: what runs the load, and where the load connects to. */
import { join } from 'node:path'
import type { Laptop } from '../../../test/e2e/laptop.ts'
import type { Ran } from '../../../test/e2e/remocal.ts'
import { hasKubectl } from '../../lib/times.ts'
import type { Arrivals } from './arrivals.ts'
import { NAMESPACE, type Site } from './site.ts'

const LOAD = join(import.meta.dirname, 'load.ts')
const LIMIT_MS = 60_000

export interface Path {
  name: string
  /** Moves bytes for so long over so many connections. */
  bulk(way: 'up' | 'down', flows: number, ms: number): Promise<Arrivals[]>
  /** Milliseconds of single answers; see `load.ts`. */
  times(what: 'answer' | 'refused' | 'small' | 'small-up' | 'small-down', count: number, ms?: number): Promise<number[]>
  close(): Promise<void>
}

/** A path whose load is started by `start` and connects to one of two addresses. */
export function pathOf(
  name: string,
  start: (args: string[]) => Promise<Ran>,
  to: { live: [string, number]; dead: [string, number] },
  close: () => Promise<void> = async () => {},
): Path {
  const load = async <T>(what: string, count: number, ms: number): Promise<T> => {
    const [host, port] = what === 'refused' ? to.dead : to.live
    const args = [LOAD, host, port, what, count, ms].map(String)
    const { code, stdout, stderr } = await start([process.execPath, ...args])
    if (code !== 0) throw new Error(`${what} over ${name} ended with ${code}: ${stderr}`)
    return JSON.parse(stdout) as T
  }
  return {
    name,
    bulk: (way, flows, ms) => load<Arrivals[]>(way, flows, ms),
    times: (what, count, ms = 0) => load<number[]>(what, count, ms),
    close,
  }
}

/** `remocal run`: a connection of the program → daemon → API server → manager → dialer → sink. */
export function throughRemocal(laptop: Laptop, { sink }: Site): Path {
  return pathOf(
    'remocal run',
    (args) => laptop.remocal(['run', '-n', NAMESPACE, '--', ...args], { limitMs: LIMIT_MS }),
    { live: [sink.address, sink.port], dead: [sink.address, sink.deadPort] },
  )
}

/** A TCP connection over the same cable, through a NodePort. */
export function plainTcp(laptop: Laptop, { sink }: Site): Path {
  return pathOf('plain TCP', ([node = '', ...args]) => laptop.run(node, args, { limitMs: LIMIT_MS }), {
    live: [sink.node, sink.nodePort],
    dead: [sink.node, sink.deadNodePort],
  })
}

/** `kubectl port-forward` to the sink's pod; or why there is none. */
export async function throughKubectl(laptop: Laptop, _site: Site): Promise<Path | string> {
  if (!hasKubectl()) return 'there is no kubectl'
  const args = ['port-forward', '-n', NAMESPACE, 'deployment/sink', ':7000']
  const forward = laptop.spawn('kubectl', args)
  const [, port] = await forward.printed(/127\.0\.0\.1:(\d+)/)
  const here: [string, number] = ['127.0.0.1', Number(port)]
  return pathOf(
    'kubectl port-forward',
    ([node = '', ...rest]) => laptop.run(node, rest, { limitMs: LIMIT_MS }),
    { live: here, dead: here },
    async () => void (await forward.end()),
  )
}
