/** A request's head as filters see it. Each part is made when a filter asks for it, once. */
import { readJson } from '../filter/json.ts'
import type { FilterRequest, FilterSource } from '../filter/request.ts'
import { marksOf } from '../mark.ts'
import { octetsText } from '../octets-text.ts'
import { firstCookie, firstParameter, readCookies, readParameters } from './pairs.ts'

/** What is looked at of a head, of whatever version. */
export interface SeenHead {
  readonly method: string
  /** Path and query, or another form of RFC 9112 §3.2. */
  readonly target: string
  /** That of the connection when the head does not say. */
  readonly scheme?: 'http' | 'https'
  readonly bytes: number
  /** In order, names in lower case. */
  readonly headers: readonly [name: string, value: string][]
  /** Values of one field as a list; `host` is the authority where that is apart. */
  readonly fields: { list(name: string): string }
}

/** Names are looked for one by one in the octets of the head; of more than so many all are read at once. */
const FEW_NAMES = 8

const NOBODY: FilterSource = { ip: '', pod: '', namespace: '' }

/**
 * @param source who sent it
 * @param body as JSON, if it was read
 * @param secure the TLS in which it came
 */
export function filterRequest(
  head: SeenHead,
  source: FilterSource = NOBODY,
  body?: unknown,
  secure?: { readonly servername: string },
): FilterRequest {
  return new HeadRequest(head, source, body, secure)
}

class HeadRequest implements FilterRequest {
  readonly method: string
  readonly scheme: 'http' | 'https'
  readonly isSecure: boolean
  readonly sni: string
  readonly source: FilterSource
  readonly body: unknown
  readonly #head: SeenHead
  readonly #names: string[] = []
  readonly #values: string[] = []
  #headers: Map<string, string> | undefined
  #queries: Map<string, string> | undefined
  #cookies: Map<string, string> | undefined
  #marks: readonly string[] | undefined
  #parts: { host: string; path: string; query: string } | undefined
  #claims: { read: unknown } | undefined

  constructor(
    head: SeenHead,
    source: FilterSource,
    body: unknown,
    secure: { readonly servername: string } | undefined,
  ) {
    this.method = head.method
    this.isSecure = secure !== undefined
    this.scheme = head.scheme ?? (this.isSecure ? 'https' : 'http')
    this.sni = secure?.servername ?? ''
    this.source = source
    this.body = body
    this.#head = head
  }

  get bytes(): number {
    return this.#head.bytes
  }

  get path(): string {
    return this.#target.path
  }

  get host(): string {
    return this.#target.host
  }

  get marks(): readonly string[] {
    this.#marks ??= marksOf(this)
    return this.#marks
  }

  get claims(): unknown {
    this.#claims ??= { read: claimsOf(this.header('authorization')) }
    return this.#claims.read
  }

  get headers(): ReadonlyMap<string, string> {
    if (this.#headers === undefined) {
      const headers = new Map<string, string>()
      for (const [name, value] of this.#head.headers) {
        const earlier = headers.get(name)
        headers.set(name, earlier === undefined ? value : joined(name, earlier, value))
      }
      // As one text, as `header` reads it.
      for (const [name, value] of headers) headers.set(name, octetsText(value))
      this.#headers = headers
    }
    return this.#headers
  }

  get queries(): ReadonlyMap<string, string> {
    this.#queries ??= readParameters(this.#target.query)
    return this.#queries
  }

  get cookies(): ReadonlyMap<string, string> {
    this.#cookies ??= readCookies(this.header('cookie'))
    return this.#cookies
  }

  header(name: string): string {
    if (this.#headers !== undefined) return this.#headers.get(name) ?? ''
    // Several filters ask for the same few names.
    const at = this.#names.indexOf(name)
    if (at >= 0) return this.#values[at] ?? ''
    if (this.#names.length === FEW_NAMES) return this.headers.get(name) ?? ''
    const value = octetsText(this.#head.fields.list(name))
    this.#names.push(name)
    this.#values.push(value)
    return value
  }

  query(name: string): string {
    if (this.#queries !== undefined) return this.#queries.get(name) ?? ''
    return firstParameter(this.#target.query, name)
  }

  cookie(name: string): string {
    if (this.#cookies !== undefined) return this.#cookies.get(name) ?? ''
    return firstCookie(this.header('cookie'), name)
  }

  get #target(): { host: string; path: string; query: string } {
    this.#parts ??= partsOf(octetsText(this.#head.target), this.header('host'))
    return this.#parts
  }
}

function joined(name: string, earlier: string, value: string): string {
  return name === 'cookie' ? `${earlier}; ${value}` : `${earlier}, ${value}`
}

function partsOf(target: string, host: string): { host: string; path: string; query: string } {
  // The absolute form (RFC 9112 §3.2.2) names the host before the path.
  const origin = target.startsWith('/') ? '' : (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(target)?.[0] ?? '')
  const rest = target.slice(origin.length)
  const at = rest.indexOf('?')
  const path = at < 0 ? rest : rest.slice(0, at)
  return {
    host: origin === '' ? host : origin.slice(origin.indexOf('://') + 3),
    path: path === '' ? '/' : path,
    query: at < 0 ? '' : rest.slice(at + 1),
  }
}

const JWT = /^bearer +[\w-]+\.([\w-]+)\.[\w-]*=*$/i

function claimsOf(authorization: string): unknown {
  const payload = JWT.exec(authorization)?.[1]
  if (payload === undefined) return undefined
  try {
    const claims = readJson(Buffer.from(payload, 'base64url').toString())
    // RFC 7519 §7.2: a set of claims is an object.
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? claims : undefined
  } catch {
    return undefined
  }
}
