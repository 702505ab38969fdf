/** What filters see of a request. Built only when a filter is asked. */
import type { FilterRequest } from '../../lib/filter/request.ts'
import { marksOf } from '../../lib/mark.ts'
import type { RequestHead } from './head.ts'

export function filterRequest({ method, target, headers: fields }: RequestHead): FilterRequest {
  const headers = new Map<string, string>()
  for (const [name, value] of fields) {
    const earlier = headers.get(name)
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`)
  }
  // The absolute form (RFC 9112 §3.2.2) names the host before the path.
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(target)?.[0] ?? ''
  const local = target.slice(origin.length)
  const at = local.indexOf('?')
  const path = at < 0 ? local : local.slice(0, at)
  let query: Map<string, string> | undefined
  let marks: string[] | undefined
  return {
    method,
    path: path === '' ? '/' : path,
    headers,
    host: origin === '' ? (headers.get('host') ?? '') : origin.slice(origin.indexOf('://') + 3),
    get query() {
      query ??= queryOf(at < 0 ? '' : local.slice(at + 1))
      return query
    },
    get marks() {
      marks ??= marksOf(headers)
      return marks
    },
  }
}

/** The first of each name. */
function queryOf(text: string): Map<string, string> {
  const query = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(text)) if (!query.has(name)) query.set(name, value)
  return query
}
