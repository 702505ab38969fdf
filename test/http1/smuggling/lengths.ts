/** Cases of Content-Length: with Transfer-Encoding, repeated, not a number, and of bodies where one reader expects none. */
import { HIDDEN, post, type Row, request, row } from './row.ts'

const N = HIDDEN.length
const TE = 'Transfer-Encoding: chunked'
const S7230 = 'RFC 9112 §6.3'
const length = (value: string): string => post([`Content-Length: ${value}`], 'hello')

export const LENGTHS: Row[] = [
  row('refused', 'CL.TE', 'the second part is behind the last chunk', post(['Content-Length: 6', TE], '0\r\n\r\nG')),
  row(
    'refused',
    'CL.TE',
    'a whole request is behind the last chunk',
    post([`Content-Length: ${5 + N}`, TE], `0\r\n\r\n${HIDDEN}`),
  ),
  row(
    'refused',
    'TE.CL',
    'a chunk holds a whole request',
    post([TE, 'Content-Length: 4'], `${N.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`),
  ),
  row(
    'refused',
    'TE.0',
    'chunked, and a length of 0',
    post([TE, 'Content-Length: 0'], `${N.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`),
  ),
  row('refused', S7230, 'chunked and a length that agree', post(['Content-Length: 10', TE], '5\r\nhello\r\n0\r\n\r\n')),
  row('refused', S7230, 'identity and a length', post(['Transfer-Encoding: identity', 'Content-Length: 5'], 'hello')),
  row('refused', 'RFC 9112 §6.1', 'chunked of HTTP/1.0', request('POST /a HTTP/1.0', [TE], '5\r\nhello\r\n0\r\n\r\n')),
  row(
    'refused',
    'RFC 9112 §6.1',
    'chunked and a length of HTTP/1.0',
    request('POST /a HTTP/1.0', [TE, 'Content-Length: 5'], '0\r\n\r\n'),
  ),

  row(
    'refused',
    'CL.CL',
    'two lengths, the second longer',
    post(['Content-Length: 0', `Content-Length: ${N}`], HIDDEN),
  ),
  row('refused', 'CL.CL', 'two lengths, the first longer', post([`Content-Length: ${N}`, 'Content-Length: 0'], HIDDEN)),
  row('refused', S7230, 'two lengths that are the same', post(['Content-Length: 5', 'Content-Length: 5'], 'hello')),
  row('refused', 'RFC 9110 §8.6', 'a list of the same length', length('5, 5')),
  row('refused', 'RFC 9110 §8.6', 'a list of two lengths', length('5, 6')),
  row(
    'refused',
    'CL.CL',
    'the second one with a blank before the colon',
    post(['Content-Length: 0', `Content-Length : ${N}`], HIDDEN),
  ),
  row(
    'framed',
    'CL.CL',
    'the second one with an underscore',
    post(['Content-Length: 0', `Content_Length: ${N}`], HIDDEN),
  ),
  row('framed', 'RFC 9110 §5.1', 'lower case', post(['content-length: 5'], 'hello')),
  row('framed', 'RFC 9112 §5', 'no blank behind the colon', post(['Content-Length:5'], 'hello')),
  row('framed', 'RFC 9112 §5', 'blanks around the value', post(['Content-Length: \t 5 \t'], 'hello')),

  row('refused', 'RFC 9110 §8.6', 'a sign: +5', length('+5')),
  row('refused', 'RFC 9110 §8.6', 'a sign: -5', length('-5')),
  row('refused', 'RFC 9110 §8.6', 'minus zero', length('-0')),
  row('refused', 'RFC 9110 §8.6', 'hexadecimal', length('0x5')),
  row('refused', 'RFC 9110 §8.6', 'a fraction', length('5.0')),
  row('refused', 'RFC 9110 §8.6', 'an exponent', length('5e0')),
  row('refused', 'RFC 9110 §8.6', 'an underscore between digits', length('0_5')),
  row('refused', 'RFC 9110 §8.6', 'two numbers', length('5 5')),
  row('refused', 'RFC 9110 §8.6', 'empty', length('')),
  row('refused', 'RFC 9110 §8.6', 'quotes', length('"5"')),
  row('refused', 'RFC 9110 §8.6', 'letters behind it', length('5a')),
  row('refused', 'RFC 9110 §8.6', 'a semicolon behind it', length('5;')),
  row('refused', 'RFC 9110 §8.6', 'a vertical tab behind it', length('5\x0b')),
  row('refused', 'RFC 9110 §8.6', 'a form feed before it', length('\x0c5')),
  row('refused', 'RFC 9110 §8.6', 'a no-break space behind it', length('5\xa0')),
  row('refused', 'RFC 9110 §8.6', 'digits of another script', length('\xd9\xa5')),
  row('refused', 'integer overflow', '2^64 + 5', length('18446744073709551621')),
  row('refused', 'integer overflow', '2^63', length('9223372036854775808')),
  row('refused', 'integer overflow', 'a hundred digits', length('9'.repeat(100))),
  row('framed', 'integer overflow', '2^32 + 5', length('4294967301')),
  row('framed', 'RFC 9110 §8.6', 'leading zeros', length('0005')),

  row(
    'framed',
    'CL.0',
    'GET with a body that looks like a request',
    request('GET /a HTTP/1.1', [`Content-Length: ${N}`], HIDDEN),
  ),
  row('framed', 'CL.0', 'DELETE with a body', request('DELETE /a HTTP/1.1', [`Content-Length: ${N}`], HIDDEN)),
  row('framed', 'CL.0', 'OPTIONS with a body', request('OPTIONS /a HTTP/1.1', [`Content-Length: ${N}`], HIDDEN)),
  row('framed', 'RFC 9110 §9.3.8', 'TRACE with a body', request('TRACE /a HTTP/1.1', [`Content-Length: ${N}`], HIDDEN)),
  row(
    'framed',
    'CL.0',
    'a method that nobody knows, with a body',
    request('BREW /a HTTP/1.1', [`Content-Length: ${N}`], HIDDEN),
  ),
  row('framed', 'CL.0', 'POST with a length, a request behind it', post(['Content-Length: 5'], `hello${HIDDEN}`)),
  row('framed', '0.CL', 'POST with a length of 0, a request behind it', post(['Content-Length: 0'], HIDDEN)),
  row('framed', '0.CL', 'POST without a length, a request behind it', post([], HIDDEN)),
  row(
    'framed',
    'RFC 9110 §7.6.1',
    'a length that Connection names',
    post([`Content-Length: ${N}`, 'Connection: content-length'], HIDDEN),
  ),
  row(
    'framed',
    'RFC 9110 §7.6.1',
    'a coding that Connection names',
    post([TE, 'Connection: transfer-encoding, keep-alive'], `0\r\n\r\n${HIDDEN}`),
  ),
  row(
    'framed',
    'RFC 9112 §9.6',
    'a request behind the last one',
    post(['Content-Length: 5', 'Connection: close'], `hello${HIDDEN}`),
  ),
  row('framed', 'RFC 9112 §9.3', 'a request behind one of HTTP/1.0', request('GET /a HTTP/1.0', [], HIDDEN)),
  row(
    'framed',
    'RFC 9112 §9.3',
    'a request behind one of HTTP/1.0 that keeps the connection',
    request('GET /a HTTP/1.0', ['Connection: keep-alive'], HIDDEN),
  ),
]
