/** How curl sends a request that a filter matches. */
import { readTerms } from './conjunction.ts'
import { bySubject, exampleOf } from './example.ts'
import type { TextTerm } from './term.ts'

export interface CurlRequest {
  flags: string[]
  /** Path and query. */
  target: string
}

/** What curl sends of itself under these names. */
const OWN_HEADERS = new Set(['accept', 'user-agent'])

/** Undefined when that does not follow from the filter, such as from expressions and patterns. */
export function curlRequest(cel: string): CurlRequest | undefined {
  const terms = readTerms(cel)
  if (terms === undefined) return undefined
  const flags = terms.flatMap((term) => (term.kind === 'mark' && !term.not ? ['-H', `x-remocal: ${term.mark}`] : []))
  const cookies: string[] = []
  const query = new URLSearchParams()
  let path = '/'
  for (const [subject, conditions] of bySubject(terms)) {
    const { kind } = subject
    const value = exampleOf(conditions, USUAL[kind])
    if (value === undefined || kind === 'host' || kind === 'sni') return undefined
    // A call of gRPC needs a message.
    if (kind.startsWith('grpc.') && value !== '') return undefined
    if (kind === 'path') path = value
    else if (kind === 'method') flags.push(...methodFlags(value))
    else if (kind === 'header') flags.push(...headerFlags(subject.name, value))
    else if (kind === 'cookie' && value !== '') cookies.push(`${subject.name}=${value}`)
    else if (kind === 'query' && value !== '') query.append(subject.name, value)
  }
  // What curl would change, or read as something else.
  if (!/^\/[!-~]*$/.test(path) || /[?#[\]{}]|\/\.{1,2}(\/|$)/.test(path)) return undefined
  if (cookies.length > 0) flags.push('-b', cookies.join('; '))
  return { flags, target: query.size > 0 ? `${path}?${query}` : path }
}

/** What a plain request has, and what else to try. */
const USUAL: Record<TextTerm['kind'], readonly string[]> = {
  method: ['GET', 'POST', 'PUT'],
  path: ['/'],
  header: [''],
  query: [''],
  cookie: [''],
  host: [],
  sni: [],
  'grpc.service': [''],
  'grpc.method': [''],
}

function methodFlags(method: string): string[] {
  if (method === 'GET') return []
  return method === 'HEAD' ? ['-I'] : ['-X', method]
}

function headerFlags(name: string, value: string): string[] {
  if (value !== '') return ['-H', `${name}: ${value}`]
  return OWN_HEADERS.has(name) ? ['-H', `${name}:`] : []
}
