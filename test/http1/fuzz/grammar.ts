/** Messages that are mostly right, as somebody chooses: a seed, or fast-check. Texts are latin1. */
import type { What } from './reading.ts'

/** A number from 0, less than `count`. */
export type Choose = (count: number) => number

export const LAST: Record<What, string> = {
  request: 'GET /last HTTP/1.1\r\nHost: last\r\n\r\n',
  answer: 'HTTP/1.1 299 Last\r\nContent-Length: 0\r\n\r\n',
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE', 'SEARCH', 'get', 'BREW']
const TARGETS = ['/', '/a', '/a/b?c=d&e=%20', '*', 'http://y/a', '//a', '/a#b', '/\xe4', 'y:80', 'a', '/a b', '']
const VERSIONS = ['1.0', '1.2', '2.0', '0.9', '1.10', '01.1', '1']
const STATUSES = ['200', '200', '204', '304', '404', '100', '103', '500', '99', '2000', '600']
const BODIES = [
  '',
  'hello',
  'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n',
  '0\r\n\r\n',
  '\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '\x00\xff',
]
const FIELDS = [
  'X: y',
  'Accept: */*',
  'Cookie: a=b; c="d"',
  'X-User:jane',
  'X-Empty:',
  'X-Tab:\ty\t',
  'X-High: \xe4\xf6',
  'Connection: keep-alive',
  'Connection: close',
  'Connection: x, Keep-Alive',
  'Expect: 100-continue',
  'TE: trailers',
  'Trailer: X-Sum',
]
const ODD_FIELDS = [
  'Host: y',
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: +5',
  'Content-Length: 5, 5',
  'Content-Length: 0x5',
  'Content-Length:',
  'Content-Length : 5',
  'Content_Length: 5',
  'Content-Length: 99999999999999999999',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding:',
  'Transfer-Encoding: ,chunked',
  'TRANSFER-ENCODING: CHUNKED',
  ' X: folded',
  'no colon',
  ': no name',
  'X Y: z',
  'X: y\x00',
  'X: y\rz',
  'X: y\nz',
]
const EXTENSIONS = [';a', ';a=b', ';a="b c"', ' ;a', '; a = b', ';', ' ', '\t', ';a\rb', ';a\nb', ';\x00', ';\xe4']
const BYTES = [
  '\x00',
  '\r',
  '\n',
  '\t',
  ' ',
  '\x0b',
  ':',
  ';',
  ',',
  '0',
  '5',
  'f',
  '\x7f',
  '\x80',
  '\xff',
  '\r\n',
  '\r\n\r\n',
  '-',
  '+',
  '_',
]

/** One to three messages and one that shows where they ended. */
export function messages(what: What, choose: Choose): string {
  let text = ''
  for (let left = 1 + choose(3); left > 0; left--) text += message(what, choose)
  text += LAST[what]
  // Most mistakes hide behind others: few are made at once.
  for (let left = choose(3) === 0 ? 1 + choose(3) : 0; left > 0; left--) text = mutated(text, choose)
  return text
}

function message(what: What, choose: Choose): string {
  const rarely = (count = 12): boolean => choose(count) === 0
  const fields = what === 'request' && !rarely(40) ? [`${rarely() ? 'hOST' : 'Host'}: x`] : []
  for (let left = choose(4); left > 0; left--) fields.push(one(FIELDS, choose))
  if (rarely(6)) fields.push(one(ODD_FIELDS, choose))
  const body = one(BODIES, choose)
  let coded = ''
  const kind = choose(3)
  if (kind === 1) {
    fields.push(`Content-Length: ${rarely(30) ? body.length + choose(3) - 1 : body.length}`)
    coded = body
  } else if (kind === 2) {
    fields.push('Transfer-Encoding: chunked')
    coded = chunks(body, choose)
  }
  const end = rarely(60) ? '\n' : '\r\n'
  return `${start(what, choose)}\r\n${fields.join(end)}${fields.length > 0 ? end : ''}\r\n${coded}`
}

function start(what: What, choose: Choose): string {
  const version = choose(12) === 0 ? one(VERSIONS, choose) : '1.1'
  const usual = choose(3) > 0
  if (what === 'answer')
    return `HTTP/${version} ${usual ? '200' : one(STATUSES, choose)}${choose(8) === 0 ? '' : ' OK then'}`
  return `${usual ? 'POST' : one(METHODS, choose)} ${usual ? '/a' : one(TARGETS, choose)} HTTP/${version}`
}

function chunks(body: string, choose: Choose): string {
  let text = ''
  for (let at = 0; at < body.length; ) {
    const data = body.slice(at, at + 1 + choose(body.length - at))
    at += data.length
    text += `${size(data.length, choose)}\r\n${data}\r\n`
  }
  const trailers = choose(6) > 0 ? '' : `${one(choose(3) === 0 ? ODD_FIELDS : FIELDS, choose)}\r\n`
  return `${text}${size(0, choose)}\r\n${trailers}\r\n`
}

function size(count: number, choose: Choose): string {
  const hex =
    choose(8) === 0
      ? count
          .toString(16)
          .toUpperCase()
          .padStart(1 + choose(20), '0')
      : count.toString(16)
  const before = choose(80) === 0 ? one(['0x', '+', '-', ' ', '1', '100000000', '10000000000000000'], choose) : ''
  return `${before}${hex}${choose(16) === 0 ? one(EXTENSIONS, choose) : ''}`
}

function mutated(text: string, choose: Choose): string {
  const at = choose(text.length + 1)
  const to = Math.min(text.length, at + 1 + choose(4))
  switch (choose(4)) {
    case 0:
      return text.slice(0, at) + one(BYTES, choose) + text.slice(at)
    case 1:
      return text.slice(0, at) + one(BYTES, choose) + text.slice(to)
    case 2:
      return text.slice(0, at) + text.slice(to)
    default: {
      const line = text.lastIndexOf('\n', at) + 1
      const end = text.indexOf('\n', at) + 1 || text.length
      return text.slice(0, end) + text.slice(line, end) + text.slice(end)
    }
  }
}

function one<T>(list: readonly T[], choose: Choose): T {
  return list[choose(list.length)] as T
}
