/** A request's head as filters see it. Each part is made when a filter asks for it, once. */
import type { FilterRequest, FilterSource } from '../filter/request.ts'
import { marksOf } from '../mark.ts'
import type { RequestHead } from './head.ts'

const NOBODY: FilterSource = { ip: '', pod: '', namespace: '' }

/**
 * @param source who sent it
 * @param body as JSON, if it was read
 */
export function filterRequest(head: RequestHead, source: FilterSource = NOBODY, body?: unknown): FilterRequest {
  return new HeadRequest(head, source, body)
}

class HeadRequest implements FilterRequest {
  readonly method: string
  readonly scheme = 'http'
  readonly source: FilterSource
  readonly body: unknown
  readonly #head: RequestHead
  #headers: Map<string, string> | undefined
  #queries: Map<string, string> | undefined
  #cookies: Map<string, string> | undefined
  #marks: string[] | undefined
  #parts: { host: string; path: string; query: string } | undefined

  constructor(head: RequestHead, source: FilterSource, body: unknown) {
    this.method = head.method
    this.source = source
    this.body = body
    this.#head = head
  }

  get path(): string {
    return this.#target.path
  }

  get host(): string {
    return this.#target.host
  }

  get marks(): string[] {
    this.#marks ??= marksOf(this.headers)
    return this.#marks
  }

  get headers(): Map<string, string> {
    if (this.#headers === undefined) {
      this.#headers = new Map()
      for (const [name, value] of this.#head.headers) {
        const earlier = this.#headers.get(name)
        const joint = name === 'cookie' ? '; ' : ', '
        this.#headers.set(name, earlier === undefined ? value : `${earlier}${joint}${value}`)
      }
    }
    return this.#headers
  }

  get queries(): Map<string, string> {
    this.#queries ??= firsts(new URLSearchParams(this.#target.query))
    return this.#queries
  }

  get cookies(): Map<string, string> {
    this.#cookies ??= firsts(this.header('cookie').split(';').map(cookieOf))
    return this.#cookies
  }

  header(name: string): string {
    return this.headers.get(name) ?? ''
  }

  query(name: string): string {
    return this.queries.get(name) ?? ''
  }

  cookie(name: string): string {
    return this.cookies.get(name) ?? ''
  }

  get #target(): { host: string; path: string; query: string } {
    this.#parts ??= partsOf(this.#head.target, this.header('host'))
    return this.#parts
  }
}

function partsOf(target: string, host: string): { host: string; path: string; query: string } {
  // The absolute form (RFC 9112 §3.2.2) names the host before the path.
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(target)?.[0] ?? ''
  const rest = target.slice(origin.length)
  const at = rest.indexOf('?')
  const path = at < 0 ? rest : rest.slice(0, at)
  return {
    host: origin === '' ? host : origin.slice(origin.indexOf('://') + 3),
    path: path === '' ? '/' : path,
    query: at < 0 ? '' : rest.slice(at + 1),
  }
}

/** RFC 6265 §5.2: a pair without `=` has no name. */
function cookieOf(text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  const value = text.slice(at + 1).trim()
  const plain = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
  return [at < 0 ? '' : text.slice(0, at).trim(), plain]
}

/** The first of each name. */
function firsts(pairs: Iterable<[name: string, value: string]>): Map<string, string> {
  const map = new Map<string, string>()
  for (const [name, value] of pairs) if (name !== '' && !map.has(name)) map.set(name, value)
  return map
}
