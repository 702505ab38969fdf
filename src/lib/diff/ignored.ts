/** What does not count as a difference: fields that differ between any two answers, and what the user names. */
import { type Pattern, readPattern } from './path.ts'

/** Headers that say when, by whom, over which connection and under which number, not what. */
export const IGNORED_HEADERS: readonly string[] = [
  'date',
  'age',
  'server',
  'via',
  'x-powered-by',
  // Of the connection, or how the body is framed: bodies themselves are compared.
  'connection',
  'keep-alive',
  'proxy-connection',
  'content-length',
  'transfer-encoding',
  'trailer',
  // Numbers of this request.
  'x-request-id',
  'x-correlation-id',
  'x-trace-id',
  'request-id',
  'traceparent',
  'tracestate',
  'baggage',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-amzn-trace-id',
  'x-cloud-trace-context',
  // How long it took.
  'server-timing',
  'x-response-time',
  'x-runtime',
  'x-envoy-upstream-service-time',
]

export interface Ignored {
  status: boolean
  body: boolean
  /** @param name in lower case */
  header(name: string): boolean
  paths: readonly Pattern[]
}

/** A token (RFC 9110 §5.6.2), whole; or what it begins with, then `*`. One that has stars of its own has a backslash before the last. */
const HEADER = /^([!#$%&'+\-.^_`|~0-9A-Za-z]*)(\\?\*)?$/

/**
 * @param fields as differences have them, with patterns for headers (`x-*`) and paths, beside those that never count
 * @returns the field that is none, instead, when there is one
 */
export function ignoring(fields: readonly string[]): Ignored | { wrong: string } {
  const headers = new Set(IGNORED_HEADERS)
  const prefixes: string[] = []
  const paths: Pattern[] = []
  for (const field of fields) {
    const path = readPattern(field)
    if (path !== undefined) {
      paths.push(path)
      continue
    }
    const [whole, name = '', star] = HEADER.exec(field.toLowerCase()) ?? []
    if (!whole || field.startsWith('$')) return { wrong: field }
    if (star === '*') prefixes.push(name)
    else headers.add(star === undefined ? name : `${name}*`)
  }
  const header = (name: string): boolean => headers.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
  return { status: fields.includes('status'), body: fields.includes('body'), header, paths }
}
