/** What somebody needs on a workload: verbs on the virtual resource `workloads`, which Roles grant and `kubectl auth can-i` answers. */
import { RE2JS } from 're2js'
import type { Intercept } from './resources.ts'

/** Filters that always match: none, `true`, and paths that begin with `/` or anything, with or without parentheses and blanks. RE2, as in admission policies. */
export const EVERYTHING = String.raw`^[\s()]*(true|request\s*\.\s*path\s*\.\s*startsWith\s*\(\s*["\x27]/?["\x27]\s*\))?[\s()]*$`

const everything = RE2JS.compile(EVERYTHING)

/** What an attachment has beside its requests, each a field of its spec, and its verb. */
export const EXTRAS = ['tls', 'reopen'] as const
export type Extra = (typeof EXTRAS)[number]

/**
 * The verb without which there is no such attachment; the admission policy asks for the same. A filter that plainly takes everything is none. A wiretap takes no request
 * from anybody, so everything needs no more than a part of it; a watch does not even read them.
 */
export function verbOf({ mode, filter }: Pick<Intercept['spec'], 'mode' | 'filter'>): string {
  if (mode === 'wiretap') return 'wiretap'
  if (mode === 'watch') return 'tap'
  return everything.matcher(filter).find() ? 'intercept-all' : 'intercept'
}

/** Those of the extras that an attachment has. */
export function extrasOf({ tls, reopen }: Intercept['spec']): Extra[] {
  return EXTRAS.filter((extra) => (extra === 'tls' ? tls !== undefined : reopen === true))
}
