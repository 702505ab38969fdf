/** Cases of Transfer-Encoding: names and values that only one reader takes for chunked. */
import { HIDDEN, post, type Row, row } from './row.ts'

const N = HIDDEN.length
/** As the body of a length it ends behind the hidden request, as chunked before it. */
const BODY = `0\r\n\r\n${HIDDEN}`
const coding = (...lines: string[]): string => post(lines, BODY)
const both = (...lines: string[]): string => post([`Content-Length: ${BODY.length}`, ...lines], BODY)

export const CODINGS: Row[] = [
  row('refused', 'TE.TE', 'xchunked', coding('Transfer-Encoding: xchunked')),
  row('refused', 'TE.TE', 'chunkedx', coding('Transfer-Encoding: chunkedx')),
  row('refused', 'TE.TE', 'a blank before the colon', coding('Transfer-Encoding : chunked')),
  row('refused', 'TE.TE', 'a tab before the colon', coding('Transfer-Encoding\t: chunked')),
  row(
    'refused',
    'TE.TE',
    'two fields, the second unknown',
    coding('Transfer-Encoding: chunked', 'Transfer-Encoding: x'),
  ),
  row(
    'refused',
    'TE.TE',
    'two fields, the first unknown',
    coding('Transfer-Encoding: x', 'Transfer-Encoding: chunked'),
  ),
  row(
    'refused',
    'TE.TE',
    'two fields of different case',
    coding('Transfer-Encoding: chunked', 'Transfer-encoding: cow'),
  ),
  row('framed', 'TE.TE', 'a tab behind the colon', coding('Transfer-Encoding:\tchunked')),
  row(
    'refused',
    'TE.TE',
    'a blank before the name',
    post(['X: y', ' Transfer-Encoding: chunked', `Content-Length: ${BODY.length}`], BODY),
  ),
  row(
    'refused',
    'TE.TE',
    'a blank before the first name',
    `POST /a HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: x\r\n\r\n${BODY}`,
  ),
  row('refused', 'TE.TE', 'a line feed in the field before', coding('X: y\nTransfer-Encoding: chunked')),
  row('refused', 'TE.TE', 'a carriage return in the field before', coding('X: y\rTransfer-Encoding: chunked')),
  row('refused', 'TE.TE', 'a carriage return before the name', coding('\rTransfer-Encoding: chunked')),
  row('refused', 'TE.TE', 'a line break before the colon', coding('Transfer-Encoding\r\n : chunked')),
  row('refused', 'TE.TE', 'a line feed before the colon', coding('Transfer-Encoding\n: chunked')),
  row('refused', 'RFC 9112 §5.2', 'a folded value', coding('Transfer-Encoding:\r\n chunked')),
  row('refused', 'RFC 9112 §5.2', 'a folded value, by a tab', coding('Transfer-Encoding:\r\n\tchunked')),
  row(
    'refused',
    'RFC 9112 §5.2',
    'a value folded behind a coding',
    coding('Transfer-Encoding: chunked\r\n , identity'),
  ),
  row('refused', 'TE.TE', 'a vertical tab before the value', coding('Transfer-Encoding: \x0bchunked')),
  row('refused', 'TE.TE', 'a vertical tab behind the value', coding('Transfer-Encoding: chunked\x0b')),
  row('refused', 'TE.TE', 'a NUL behind the value', coding('Transfer-Encoding: chunked\x00')),
  row('refused', 'TE.TE', 'a NUL behind the name', coding('Transfer-Encoding\x00: chunked')),
  row('refused', 'TE.TE', 'a no-break space before the value', coding('Transfer-Encoding: \xa0chunked')),
  row('refused', 'TE.TE', 'quotes', coding('Transfer-Encoding: "chunked"')),
  row('refused', 'TE.TE', 'single quotes', coding("Transfer-Encoding: 'chunked'")),
  row('refused', 'TE.TE', 'a Kelvin sign for the k', coding('Transfer-Encoding: chun\xe2\x84\xaaed')),
  row('refused', 'TE.TE', 'a parameter', coding('Transfer-Encoding: chunked;q=1')),
  row('refused', 'RFC 9112 §6.1', 'chunked twice in one field', coding('Transfer-Encoding: chunked, chunked')),
  row(
    'refused',
    'RFC 9112 §6.1',
    'chunked twice in two fields',
    coding('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
  ),
  row('refused', 'RFC 9112 §6.1', 'identity', coding('Transfer-Encoding: identity')),
  row('refused', 'RFC 9112 §6.1', 'identity, then chunked', coding('Transfer-Encoding: identity, chunked')),
  row('refused', 'RFC 9112 §6.1', 'chunked, then identity', coding('Transfer-Encoding: chunked, identity')),
  row('refused', 'RFC 9112 §7', 'gzip, then chunked', coding('Transfer-Encoding: gzip, chunked')),
  row('refused', 'RFC 9112 §6.3', 'chunked, then gzip', coding('Transfer-Encoding: chunked, gzip')),
  row('refused', 'RFC 9112 §6.3', 'gzip alone', coding('Transfer-Encoding: gzip')),
  row('refused', 'TE.TE', 'a value of blanks around another word', coding('Transfer-Encoding: cow chunked bar')),
  row('either', 'RFC 9110 §5.6.1', 'an empty member behind', coding('Transfer-Encoding: chunked,')),
  row('either', 'RFC 9110 §5.6.1', 'an empty member before', coding('Transfer-Encoding: ,chunked')),
  row('refused', 'RFC 9112 §6.1', 'no member', coding('Transfer-Encoding:')),
  row('refused', 'RFC 9112 §6.3', 'no member, and a length', both('Transfer-Encoding:')),
  row('either', 'TE.TE', 'no member, then chunked', coding('Transfer-Encoding:', 'Transfer-Encoding: chunked')),
  row('framed', 'RFC 9112 §7', 'other case', coding('Transfer-Encoding: CHUNKED')),
  row('framed', 'RFC 9112 §7', 'lower case of the name', coding('transfer-encoding: chunked')),
  row('framed', 'TE.TE', 'an underscore in the name', both('Transfer_Encoding: chunked')),
  row('framed', 'TE.TE', 'a dot in the name', both('Transfer.Encoding: chunked')),
  row('framed', 'TE.TE', 'a letter before the name', both('xTransfer-Encoding: chunked')),
  row(
    'framed',
    'RFC 9110 §10.1.4',
    'TE, which says what the client reads',
    post(['TE: chunked', `Content-Length: ${N}`], HIDDEN),
  ),
]
