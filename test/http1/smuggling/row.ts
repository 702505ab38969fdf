/** One case of the table: bytes that two readers could take for different requests. */

export interface Row {
  name: string
  /** Where it was published: a section of an RFC, or the name of the technique. */
  source: string
  bytes: string
  /**
   * `refused`: the agent passes none of it on, and says so with 400 or another status from 400 up. `framed`: it passes it on. `either`: the
   * specifications leave it open.
   */
  expect: 'refused' | 'framed' | 'either'
  /** Why the agent does not read it where it comes first on a connection: that goes whole to whom all of the port belongs, the app as a rule. */
  unread?: string
}

/** The request that an attacker hides: nobody may see it as a request but who counts it as one. */
export const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n'

/** A request with these lines, each ended by CRLF. */
export function request(start: string, lines: string[], body = ''): string {
  return `${[start, 'Host: x', ...lines].join('\r\n')}\r\n\r\n${body}`
}

export const post = (lines: string[], body = ''): string => request('POST /a HTTP/1.1', lines, body)

/** A chunked request. */
export const chunked = (body: string, ...lines: string[]): string =>
  post(['Transfer-Encoding: chunked', ...lines], body)

export const row = (expect: Row['expect'], source: string, name: string, bytes: string, unread?: string): Row => ({
  name,
  source,
  bytes,
  expect,
  ...(unread !== undefined && { unread }),
})
