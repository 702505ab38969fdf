/** How many instructions a pattern of RE2 becomes, told from its text; never less, sometimes more. */

/** Of what has no size of its own in this way: a class of Unicode holds hundreds of ranges. */
const UNICODE_CLASS = 20
const COUNTED = /^\{(\d{1,9})(,(\d{0,9}))?\}/

/** @returns a number that may be `Infinity`; of what is no pattern anything */
export function patternSize(source: string): number {
  /** Sizes of the groups around, each before its last piece, and that piece. */
  const outer: { before: number; last: number }[] = []
  let before = 1
  let last = 0
  const piece = (size: number): void => {
    before += last
    last = size
  }
  for (let at = 0; at < source.length; ) {
    const char = source[at] ?? ''
    const counted = char === '{' ? COUNTED.exec(source.slice(at, at + 24)) : null
    if (counted !== null) {
      const [whole, least = '0', , most = ''] = counted
      last = (last + 1) * Math.max(Number(least), Number(most), 1)
      at += whole.length
      continue
    }
    if (char === '(') {
      outer.push({ before: before + last, last: 0 })
      before = 2
      last = 0
    } else if (char === ')') {
      const own = before + last
      before = outer.pop()?.before ?? 0
      last = own
    } else if (char === '[') {
      const end = classEnd(source, at)
      piece(1 + UNICODE_CLASS * (source.slice(at, end).match(/\\[pP]/g)?.length ?? 0))
      at = end
      continue
    } else if (char === '\\') {
      piece(/[pP]/.test(source[at + 1] ?? '') ? UNICODE_CLASS : 1)
      at += 2
      continue
    } else if (char === '|' || char === '*' || char === '+' || char === '?') last++
    else piece(1)
    at += (source.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  }
  return outer.reduce((sum, group) => sum + group.before, before + last)
}

/** Offset after the class that begins at `at`; `]` stands for itself at its beginning. */
function classEnd(source: string, at: number): number {
  let end = at + 1
  if (source[end] === '^') end++
  if (source[end] === ']') end++
  while (end < source.length && source[end] !== ']') {
    if (source[end] === '\\') end++
    else if (source[end] === '[' && source[end + 1] === ':') {
      const close = source.indexOf(':]', end + 2)
      if (close > 0) end = close + 1
    }
    end++
  }
  return end + 1
}
