/** Where two runs of the same cases differ: what was said, and what each end saw of each exchange. */
import type { Recorded } from '../../peers/relay.ts'
import { between, type Run } from '../../peers/run.ts'
import { exchangesOf, plain } from './exchanges.ts'

/** @returns a sentence; undefined when there is no difference */
export function difference(direct: Run, through: Run): string | undefined {
  const [said, saidThrough] = [plain(direct.said), plain(through.said)]
  if (said !== saidThrough) return `the client says ${between(said, saidThrough)}`
  for (const who of ['client', 'server'] as const) {
    const [one, other] = [texts(direct[who]), texts(through[who])]
    if (one.length !== other.length) return `the ${who} has ${other.length} exchanges instead of ${one.length}`
    const at = one.findIndex((text, index) => text !== other[index])
    if (at >= 0) return `the ${who} in exchange ${at}: ${between(one[at] ?? '', other[at] ?? '')}`
  }
  return undefined
}

/** In order of the texts: those of one connection are under way at once. */
function texts(records: Recorded[]): string[] {
  return records.flatMap((record) => exchangesOf(record)).sort()
}
