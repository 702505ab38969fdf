/** Filters as a busy service has them. */
import { writeTerms } from '../../src/lib/filter/term.ts'

/** The field that the last filter of each table looks for. */
export const JANE = 'X-User: jane'

/** Short forms of different people; only the last one matches a request with `JANE`. */
export function filters(count: number): string[] {
  const others = Array.from({ length: count - 1 }, (_, index) =>
    index % 2 === 0
      ? writeTerms([{ kind: 'header', name: 'x-user', value: `person-${index}` }])
      : writeTerms([{ kind: 'mark', mark: `person-${index}` }]),
  )
  return [...others, writeTerms([{ kind: 'header', name: 'x-user', value: 'jane' }])]
}
