/** What fields mean to messages, found once of a name or a value. A head whose fields are entries of tables is checked by a comparison for each. */
import { TARGET, TOKEN } from '../../http1/octets.ts'
import { namedField } from '../hpack/encode.ts'
import type { Field } from '../hpack/field.ts'
import { HeaderField, UNJUDGED } from '../hpack/header-field.ts'
import type { HeaderName } from '../hpack/header-name.ts'
import { headerName } from '../hpack/header-name.ts'
import { isAuthority } from './authority.ts'

/** Roles of names. 0 is a name that nobody asked about yet. */
export const ROLE = {
  PLAIN: 1,
  /** No token in lower case, or an unknown pseudo-header field (RFC 9113 §8.2.1, §8.3). */
  MALFORMED: 2,
  /** Of a connection, which HTTP/2 has not (RFC 9113 §8.2.2). */
  CONNECTION: 3,
  TE: 4,
  HOST: 5,
  CONTENT_LENGTH: 6,
  COOKIE: 7,
  /** Pseudo-header fields are from here on. */
  METHOD: 8,
  SCHEME: 9,
  AUTHORITY: 10,
  PATH: 11,
  PROTOCOL: 12,
  STATUS: 13,
} as const

const ROLES = new Map<string, number>([
  ['connection', ROLE.CONNECTION],
  ['proxy-connection', ROLE.CONNECTION],
  ['keep-alive', ROLE.CONNECTION],
  ['transfer-encoding', ROLE.CONNECTION],
  ['upgrade', ROLE.CONNECTION],
  ['te', ROLE.TE],
  ['host', ROLE.HOST],
  ['content-length', ROLE.CONTENT_LENGTH],
  ['cookie', ROLE.COOKIE],
  [':method', ROLE.METHOD],
  [':scheme', ROLE.SCHEME],
  [':authority', ROLE.AUTHORITY],
  [':path', ROLE.PATH],
  [':protocol', ROLE.PROTOCOL],
  [':status', ROLE.STATUS],
])

export function roleOf(name: HeaderName): number {
  if (name.role === 0) name.role = ROLES.get(name.text) ?? (isToken(name.text, true) ? ROLE.PLAIN : ROLE.MALFORMED)
  return name.role
}

/** A field may not be in any message. */
export const WRONG = -1
/** Of a path that is `*`. */
export const ASTERISK = 1

/** @returns `WRONG`, the number of a length or status, or 0 */
export function verdictOf(field: HeaderField): number {
  if (field.verdict === UNJUDGED) field.verdict = field.sound ? judged(roleOf(field.header), field) : WRONG
  return field.verdict
}

/** Longer numbers could be lost in arithmetic somewhere. */
const LENGTH = /^[0-9]{1,15}$/
const STATUS = /^[1-9][0-9]{2}$/
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/

function judged(role: number, field: HeaderField): number {
  switch (role) {
    case ROLE.PLAIN:
    case ROLE.COOKIE:
      return 0
    case ROLE.TE:
      return field.value.toLowerCase() === 'trailers' ? 0 : WRONG
    case ROLE.HOST:
    case ROLE.AUTHORITY:
      return isAuthority(field.value) ? 0 : WRONG
    case ROLE.CONTENT_LENGTH:
      return LENGTH.test(field.value) ? Number(field.value) : WRONG
    case ROLE.METHOD:
    case ROLE.PROTOCOL:
      return isToken(field.value, false) ? 0 : WRONG
    case ROLE.SCHEME:
      return SCHEME.test(field.value) ? 0 : WRONG
    case ROLE.PATH:
      return pathVerdict(field.value)
    case ROLE.STATUS:
      return STATUS.test(field.value) ? Number(field.value) : WRONG
    default:
      return WRONG
  }
}

function pathVerdict(path: string): number {
  if (path === '*') return ASTERISK
  if (!path.startsWith('/')) return WRONG
  for (let at = 0; at < path.length; at++) if (TARGET[path.charCodeAt(at)] !== 1) return WRONG
  return 0
}

function isToken(text: string, lowerCase: boolean): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const folded = TOKEN[code] ?? 0
    if (folded === 0 || (lowerCase && folded !== code)) return false
  }
  return text !== ''
}

/** A field as we make them, whoever made it. */
export function headerField(field: Field): HeaderField {
  return field instanceof HeaderField ? field : namedField(headerName(field.name), field.value, field.neverIndexed)
}
