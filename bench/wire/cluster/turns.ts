/** Measures several paths in turns, so that a slow moment of the machine hits all of them. */
import type { Path } from './paths.ts'

const RUNS = 5

/** What `work` gives for each path, five times, after one run that warms up. */
export async function turns<T>(
  paths: Path[],
  work: (path: Path) => Promise<T>,
  warm: (path: Path) => Promise<unknown> = (path) => path.times('answer', 2),
): Promise<Map<string, T[]>> {
  const all = new Map<string, T[]>(paths.map(({ name }) => [name, []]))
  for (const path of paths) await warm(path)
  for (let turn = 0; turn < RUNS; turn++) {
    for (const path of paths) all.get(path.name)?.push(await work(path))
  }
  return all
}

/** The runs of the first path beside those of each other one. */
export function beside<T>(
  all: Map<string, T[]>,
  each: (values: number[], peer: { name: string; values: number[] } | undefined) => void,
  of: (run: T) => number,
): void {
  const [[, mine] = ['', []], ...peers] = [...all].map(([name, runs]) => [name, runs.map(of)] as const)
  if (peers.length === 0) each([...mine], undefined)
  for (const [name, values] of peers) each([...mine], { name, values: [...values] })
}
