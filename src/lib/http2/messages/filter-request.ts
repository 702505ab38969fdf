import type { FilterRequest, FilterSource } from '../../filter/request.ts'
import { filterRequest as filterHead, type SeenHead } from '../../http1/filter-request.ts'
import type { RequestHead } from './request-head.ts'

/**
 * A request's head as filters see it: as if it had come over HTTP/1, with the authority as its Host.
 * @param source who sent it
 * @param body as JSON, if it was read
 * @param secure the TLS in which it came
 */
export function filterRequest(
  head: RequestHead,
  source?: FilterSource,
  body?: unknown,
  secure?: { readonly servername: string },
): FilterRequest {
  return filterHead(new Seen(head), source, body, secure)
}

class Seen implements SeenHead {
  readonly #head: RequestHead

  constructor(head: RequestHead) {
    this.#head = head
  }

  get method(): string {
    return this.#head.method
  }

  get target(): string {
    const { path, authority } = this.#head
    return path === '' ? authority : path
  }

  get scheme(): 'http' | 'https' {
    return this.#head.scheme.toLowerCase() === 'https' ? 'https' : 'http'
  }

  get bytes(): number {
    return this.#head.bytes
  }

  get headers(): [name: string, value: string][] {
    const { headers, authority } = this.#head
    return [['host', authority], ...headers.filter(([name]) => name !== 'host')]
  }

  get fields(): { list(name: string): string } {
    return this
  }

  list(name: string): string {
    return name === 'host' ? this.#head.authority : this.#head.list(name)
  }
}
