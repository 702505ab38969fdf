/** How many instructions a pattern of RE2 becomes, told from its text; never less, sometimes more. */

/** Of what has no size of its own in this way: a class of Unicode holds hundreds of ranges. */
const UNICODE_CLASS = 20
/** From here to `\E` everything is text. */
const QUOTE = '\\Q'
/** It is no piece: a repetition behind it is one of what stands before it. */
const FLAGS = /\(\?[a-zA-Z]*(?:-[a-zA-Z]*)?\)/y
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
    FLAGS.lastIndex = at
    if (FLAGS.test(source)) {
      at = FLAGS.lastIndex
      continue
    }
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
    } else if (source.startsWith(QUOTE, at)) {
      const end = source.indexOf('\\E', at)
      for (const _ of source.slice(at + QUOTE.length, end < 0 ? undefined : end)) piece(1)
      at = end < 0 ? source.length : end + 2
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

/** Of a class: what is no end of a range, by its beginning. */
const WHOLE_SETS = [/\[:.*?:\]/sy, /\\[pP]\{[^}]*\}?/y, /\\[pP]./suy, /\\[dDsSwW]/y]
/** One character, or the range from it to another one. */
const RANGE = /(?:\\.|.)(?:-(?!\])(?:\\.|.))?/suy

/** Offset after the class that begins at `at`, as RE2 reads it: in `[(-[:]` the second `[` is the end of a range. */
function classEnd(source: string, at: number): number {
  let end = at + (source[at + 1] === '^' ? 2 : 1)
  for (let first = true; end < source.length && (first || source[end] !== ']'); first = false) {
    for (const kind of [...WHOLE_SETS, RANGE]) {
      kind.lastIndex = end
      if (!kind.test(source)) continue
      end = kind.lastIndex
      break
    }
  }
  return end + 1
}
