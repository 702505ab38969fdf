/** Where a text stands in another one, in time that grows with their lengths and not with their product. */

/** Below this product of lengths the engine's own search, which is quick but has no bound, is taken. */
const SMALL = 1 << 15

/** As `String.prototype.indexOf`. */
export function indexOf(text: string, sought: string, from = 0): number {
  if (sought.length < 2 || text.length * sought.length < SMALL) return text.indexOf(sought, from)
  // Knuth, Morris and Pratt: how much of `sought` still stands before a place where it stopped to match.
  const kept = new Int32Array(sought.length)
  for (let at = 1, length = 0; at < sought.length; at++) {
    while (length > 0 && sought.charCodeAt(at) !== sought.charCodeAt(length)) length = kept[length - 1] ?? 0
    if (sought.charCodeAt(at) === sought.charCodeAt(length)) length++
    kept[at] = length
  }
  for (let at = from, length = 0; at < text.length; at++) {
    while (length > 0 && text.charCodeAt(at) !== sought.charCodeAt(length)) length = kept[length - 1] ?? 0
    if (text.charCodeAt(at) === sought.charCodeAt(length)) length++
    if (length === sought.length) return at - length + 1
  }
  return -1
}
