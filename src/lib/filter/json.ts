/**
 * JSON as filters see it. A number without a fraction is CEL's `int` (a bigint), exact to 64 bits, where JavaScript alone would round what is
 * beyond 2^53; any other number is a `double`.
 */
import { randomBytes } from 'node:crypto'

/** Before the digits of a number that stands in quotes for now: nobody else knows it. */
const TAG: string = randomBytes(16).toString('hex')

/** Fewer digits than this lose nothing. */
const LONG = 16
const MAYBE_LONG = new RegExp(`\\d{${LONG}}`)
const INTEGER = /-?\d+(?![\d.eE])/y

/** Time and memory grow with the length of the text, however deep it is nested. Throws a `SyntaxError`. */
export function readJson(text: string): unknown {
  // A reviver that sees the digits of each number would take fifty times as long.
  const isLong = MAYBE_LONG.test(text)
  return withInts(JSON.parse(isLong ? tagged(text) : text), isLong)
}

/** Long whole numbers as strings with the tag; what is within strings stays. */
function tagged(text: string): string {
  let made = ''
  let kept = 0
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === 0x22) at = afterString(text, at)
    else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      INTEGER.lastIndex = at
      const digits = INTEGER.exec(text)?.[0] ?? ''
      const after = afterNumber(text, at)
      // Leading zeros are no JSON, nor is a number as a name: they stay, for the parser to refuse.
      if (digits.length >= LONG && !/^-?0/.test(digits) && isLong64(digits) && !isName(text, after)) {
        made += `${text.slice(kept, at)}"${TAG}${digits}"`
        kept = at + digits.length
      }
      at = after
    } else at++
  }
  return made + text.slice(kept)
}

const COLON = /[ \t\r\n]*:/y

function isName(text: string, end: number): boolean {
  COLON.lastIndex = end
  return COLON.test(text)
}

function isLong64(digits: string): boolean {
  if (digits.length > 20) return false
  const number = BigInt(digits)
  return BigInt.asIntN(64, number) === number
}

function afterNumber(text: string, from: number): number {
  let at = from + 1
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const isPart = (code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x65 || code === 0x45
    if (!isPart && code !== 0x2b && code !== 0x2d) break
  }
  return at
}

function afterString(text: string, from: number): number {
  let at = from + 1
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) at++
    else if (code === 0x22) return at + 1
  }
  return at
}

/**
 * Whole numbers of JSON become ints, in place. Not recursive: JSON may be nested deeper than a stack is.
 * @param isTagged whether strings with the tag are numbers
 */
export function withInts(json: unknown, isTagged = false): unknown {
  const holder = [json]
  const left: object[] = [holder]
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    if (Array.isArray(one)) {
      for (let at = 0; at < one.length; at++) {
        const value: unknown = one[at]
        if (typeof value === 'object' && value !== null) left.push(value)
        else if (isInt(value, isTagged)) one[at] = intOf(value)
      }
      continue
    }
    const fields = one as Record<string, unknown>
    for (const key of Object.keys(fields)) {
      const value = fields[key]
      if (typeof value === 'object' && value !== null) left.push(value)
      else if (isInt(value, isTagged)) fields[key] = intOf(value)
    }
  }
  return holder[0]
}

function isInt(value: unknown, isTagged: boolean): value is number | string {
  // Larger ones have a fraction or an exponent in the text, and what they say exactly is lost.
  if (typeof value === 'number') return Number.isSafeInteger(value)
  return isTagged && typeof value === 'string' && value.startsWith(TAG)
}

function intOf(value: number | string): bigint {
  return BigInt(typeof value === 'number' ? value : value.slice(TAG.length))
}
