/** Whether a filter has to be shown a request. */
import { readConjunction } from './conjunction.ts'

/** It asks for more than the name that a TLS connection begins with; the empty one asks for nothing. One that does not takes connections whole, too. */
export function looksInside(cel: string): boolean {
  const { terms, whole } = readConjunction(cel)
  return !whole || terms.some(({ kind }) => kind !== 'sni')
}
