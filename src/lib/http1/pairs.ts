/** Query parameters and cookies. The first of each name counts, of the first 1000 pairs: there is an end to what a filter looks at. */

const MAX_PAIRS = 1000

/** The first parameter of this name, decoded as forms are (URL standard, application/x-www-form-urlencoded); `""` when absent. */
export function firstParameter(query: string, name: string): string {
  if (name === '') return ''
  for (const pair of pairsOf(query, '&')) {
    const at = pair.indexOf('=')
    const own = at < 0 ? pair : pair.slice(0, at)
    if (own === name ? !CODED.test(own) : CODED.test(own) && decoded(own) === name) {
      return at < 0 ? '' : decoded(pair.slice(at + 1))
    }
  }
  return ''
}

export function readParameters(query: string): Map<string, string> {
  const map = new Map<string, string>()
  for (const pair of pairsOf(query, '&')) {
    const at = pair.indexOf('=')
    const name = decoded(at < 0 ? pair : pair.slice(0, at))
    if (name !== '' && !map.has(name)) map.set(name, at < 0 ? '' : decoded(pair.slice(at + 1)))
  }
  return map
}

/** The first cookie of this name, as sent, without quotes around it (RFC 6265 §5.2); `""` when absent. */
export function firstCookie(cookies: string, name: string): string {
  if (name === '' || !cookies.includes(name)) return ''
  for (const pair of pairsOf(cookies, ';')) {
    const [key, value] = cookieOf(pair)
    if (key === name) return value
  }
  return ''
}

export function readCookies(cookies: string): Map<string, string> {
  const map = new Map<string, string>()
  for (const pair of pairsOf(cookies, ';')) {
    const [name, value] = cookieOf(pair)
    if (name !== '' && !map.has(name)) map.set(name, value)
  }
  return map
}

function pairsOf(text: string, separator: string): string[] {
  return text === '' ? [] : text.split(separator, MAX_PAIRS)
}

/** RFC 6265 §5.2: a pair without `=` has no name. */
function cookieOf(text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  const value = text.slice(at + 1).trim()
  const plain = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
  return [at < 0 ? '' : text.slice(0, at).trim(), plain]
}

const CODED = /[%+]/

/** Malformed escapes stay as they are. */
function decoded(text: string): string {
  return CODED.test(text) ? (new URLSearchParams(`x=${text}`).get('x') ?? '') : text
}
