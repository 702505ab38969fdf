/** What a connection speaks, told by its first bytes. */
import { beginsWithPreface } from '../../lib/http2/preface.ts'

const TOKEN = String.raw`[!#$%&'*+\-.^_\`|~0-9A-Za-z]`
/**
 * What somebody could take for a request: odd blanks, versions and line ends count here, so that such a request is refused as HTTP and not passed on
 * unread. The preface of HTTP/2 (RFC 9113 §3.4) is none.
 */
const REQUEST_LINE = new RegExp(`^(?!PRI \\* HTTP/2\\.0)${TOKEN}+[ \\t][^\\n]*[ \\t]HTTP/\\d(?:\\.\\d+)?[ \\t]*\\r?$`)
/** How a request may begin. HTTP's own methods have at most 17 letters (IANA's registry). */
const BEGINNING = new RegExp(`^(?:${TOKEN}{1,32}(?: [!-~\\x80-\\xff]*(?: [HTP/1.0\\r]*)?)?)?$`)
const MAX_LINE_BYTES = 16 * 1024
const MAX_OPEN_BYTES = 1024

/** A method and the beginning of a target: what waits for the rest of a request, not for an answer. */
const BEGUN = new RegExp(`^${TOKEN}{1,32} (?:/|\\*|[a-z]+:|[!-~]+:\\d)`)

/** @returns `more` while it is open; a line that is longer than any is taken for what it looks like so far */
export function speaksHttp(first: Buffer): boolean | 'more' {
  // Empty lines before a request are ignored (RFC 9112 §2.2).
  const text = first.toString('latin1', 0, MAX_LINE_BYTES).replace(/^[\r\n]+/, '')
  const end = text.indexOf('\n')
  if (end >= 0) return REQUEST_LINE.test(text.slice(0, end))
  if (!BEGINNING.test(text)) return false
  return first.length >= MAX_LINE_BYTES ? true : 'more'
}

/**
 * Whether it is HTTP/2's preface (RFC 9113 §3.4). @returns `more` while it is open, and cannot be anything else
 */
export function speaksHttp2(first: Buffer): boolean | 'more' {
  return first.length > 'PRI '.length && beginsWithPreface(first)
}

/** What is still open is HTTP/1 only when a request has clearly begun: its client is slow, and it is not another protocol's greeting. */
export function looksLikeHttp(first: Buffer): boolean {
  if (speaksHttp2(first) !== false) return false
  const speaks = speaksHttp(first)
  return speaks === 'more' ? beginsHttp(first) : speaks
}

/** Whether it may become clear later: by then a request would have clearly begun. */
export function isOpen(first: Buffer): boolean {
  return first.length <= MAX_OPEN_BYTES && (speaksHttp(first) === 'more' || speaksHttp2(first) === 'more')
}

function beginsHttp(first: Buffer): boolean {
  return BEGUN.test(first.toString('latin1', 0, MAX_LINE_BYTES).replace(/^(?:\r\n)+/, ''))
}
