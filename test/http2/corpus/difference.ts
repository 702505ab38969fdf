/** Where two runs of the same cases differ: what was said, and what each end saw of each exchange. */
import type { Recorded } from '../../peers/relay.ts'
import { between, type Run } from '../../peers/run.ts'
import { exchangesOf, plain } from './exchanges.ts'

/**
 * The order of fields is compared between both ends of the agent: some libraries have another one each time.
 * @returns a sentence; undefined when there is no difference
 */
export function difference(direct: Run, through: Run): string | undefined {
  const [said, saidThrough] = [plain(direct.said), plain(through.said)]
  if (said !== saidThrough) return `the client says ${between(said, saidThrough)}`
  const [atClient, atServer] = [texts(through.client), texts(through.server)]
  const moved = first('between both ends', atServer, atClient)
  if (moved !== undefined) return moved
  return (
    first('the client', sorted(texts(direct.client)), sorted(atClient)) ??
    first('the server', sorted(texts(direct.server)), sorted(atServer))
  )
}

function first(who: string, one: string[], other: string[]): string | undefined {
  if (one.length !== other.length) return `${who}: ${other.length} exchanges instead of ${one.length}`
  const at = one.findIndex((text, index) => text !== other[index])
  return at < 0 ? undefined : `${who} in exchange ${at}: ${between(one[at] ?? '', other[at] ?? '')}`
}

/** In order of the texts: those of one connection are under way at once. */
function texts(records: Recorded[]): string[] {
  return records.flatMap((record) => exchangesOf(record)).sort()
}

/** Their fields too. */
function sorted(texts: readonly string[]): string[] {
  return texts.map((text) => text.split('\n').sort().join('\n')).sort()
}
