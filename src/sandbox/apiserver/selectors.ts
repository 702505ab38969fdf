/** Label and field selectors, as kubectl and controllers write them. */
import { badRequest } from './status.ts'
import type { Stored } from './store.ts'

export type Selector = (object: Stored) => boolean

/** `a=b,c!=d,e,!f,g in (h,i)`. Throws 400. */
export function labelSelector(text: string): Selector {
  const tests = split(text).map((part): ((labels: Record<string, string>) => boolean) => {
    const set = /^([^\s!=]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(part)
    if (set !== null) {
      const [, key = '', operator, values = ''] = set
      const wanted = values.split(',').map((one) => one.trim())
      return (labels) => wanted.includes(labels[key] ?? '\0') === (operator === 'in')
    }
    const equality = /^([^\s!=]+)\s*(==|=|!=)\s*(\S*)$/.exec(part)
    if (equality !== null) {
      const [, key = '', operator, value] = equality
      return (labels) => (labels[key] === value) === (operator !== '!=')
    }
    if (/^!\S+$/.test(part)) return (labels) => labels[part.slice(1)] === undefined
    if (/^[^\s!=]+$/.test(part)) return (labels) => labels[part] !== undefined
    throw badRequest(`unable to parse requirement: ${part}`)
  })
  return ({ metadata }) => tests.every((test) => test(metadata.labels ?? {}))
}

/** `metadata.name=x,status.phase!=Running`: any field that is a plain value. */
export function fieldSelector(text: string): Selector {
  const tests = split(text).map((part) => {
    const match = /^([\w.]+)\s*(==|=|!=)\s*(.*)$/.exec(part)
    if (match === null) throw badRequest(`invalid field selector: ${part}`)
    const [, path = '', operator, value] = match
    return (object: Stored): boolean => {
      let at: unknown = object
      for (const key of path.split('.')) at = (at as Record<string, unknown> | undefined)?.[key]
      return (String(at ?? '') === value) === (operator !== '!=')
    }
  })
  return (object) => tests.every((test) => test(object))
}

/** At commas outside parentheses. */
function split(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
