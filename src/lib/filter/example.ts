/** Strings for which several conditions hold at once. */
import { type Term, type Test, type TextTerm, writeSubject } from './term.ts'

export type Condition = Test & { not?: boolean }

/** Whether a pattern is found; undefined when that takes too long to tell. */
export type Find = (pattern: string, text: string) => boolean | undefined

/** Endings that hardly anybody excludes. */
const ENDINGS = ['', 'a', '0', '/', '-x', '~1', '.Zq']

/** The terms on strings, by what they are about. */
export function bySubject(terms: readonly Term[]): [subject: TextTerm, conditions: Condition[]][] {
  const subjects = new Map<string, [TextTerm, Condition[]]>()
  for (const term of terms) {
    if (term.kind === 'mark') continue
    const key = writeSubject(term)
    const known = subjects.get(key)
    if (known === undefined) subjects.set(key, [term, [term]])
    else known[1].push(term)
  }
  return [...subjects.values()]
}

/**
 * @param usual are tried first
 * @returns undefined when none was found, which does not mean that there is none
 */
export function exampleOf(conditions: readonly Condition[], usual: readonly string[], find?: Find): string | undefined {
  const exact = conditions.find(({ test, not }) => test === undefined && !not)
  const prefix = longestPrefix(conditions)
  const candidates = exact === undefined ? [...usual, ...ENDINGS.map((ending) => `${prefix}${ending}`)] : [exact.value]
  return candidates.find((text) => conditions.every((condition) => holds(condition, text, find) === true))
}

/** True when no string can meet the conditions; false says nothing. */
export function areContrary(conditions: readonly Condition[], find?: Find): boolean {
  const exact = conditions.find(({ test, not }) => test === undefined && !not)
  if (exact !== undefined) return conditions.some((condition) => holds(condition, exact.value, find) === false)
  const prefix = longestPrefix(conditions)
  return conditions.some(({ test, value, not }) => test === 'prefix' && prefix.startsWith(value) === (not === true))
}

function longestPrefix(conditions: readonly Condition[]): string {
  const prefixes = conditions.flatMap(({ test, value, not }) => (test === 'prefix' && !not ? [value] : []))
  return prefixes.reduce((longest, one) => (one.length > longest.length ? one : longest), '')
}

/** Undefined when it is not known. */
function holds({ test, value, not }: Condition, text: string, find?: Find): boolean | undefined {
  const found = test === 'find' ? find?.(value, text) : test === 'prefix' ? text.startsWith(value) : text === value
  return found === undefined ? undefined : found !== (not === true)
}
