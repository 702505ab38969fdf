/** Headers of two answers: by name, in any order; values of one name in theirs. */
import type { Findings } from './findings.ts'

export type Headers = readonly (readonly [name: string, value: string])[]

/** Characters of a value that are shown. */
const SHOWN = 200

/** @param isIgnored asked for names in lower case, as those of the headers */
export function diffHeaders(app: Headers, laptop: Headers, isIgnored: (name: string) => boolean, into: Findings): void {
  const [left, right] = [byName(app), byName(laptop)]
  for (const name of [...new Set([...left.keys(), ...right.keys()])].sort()) {
    if (isIgnored(name)) continue
    const [a, b] = [left.get(name), right.get(name)]
    if (a !== b) into.add(name, shorten(a), shorten(b))
  }
}

/** One name's values, as one list (RFC 9110 §5.3); cookies are no list, so they stand on lines of their own. */
function byName(headers: Headers): Map<string, string> {
  const all = new Map<string, string>()
  for (const [name, value] of headers) {
    const before = all.get(name)
    all.set(name, before === undefined ? value : `${before}${name === 'set-cookie' ? '\n' : ', '}${value}`)
  }
  return all
}

function shorten(text: string | undefined): string | undefined {
  return text !== undefined && text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}
