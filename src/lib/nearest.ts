/** The names that somebody may have meant. */

/**
 * @param typed what was typed
 * @param names what there is
 * @param most how many to give at most
 * @returns names within an edit distance of a third of their length, nearest first
 */
export function nearest(typed: string, names: Iterable<string>, most = 3): string[] {
  const wanted = typed.toLowerCase()
  return [...new Set(names)]
    .map((name) => ({ name, distance: distance(wanted, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(Math.max(name.length, typed.length) / 3)))
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
    .slice(0, most)
    .map(({ name }) => name)
}

/** Edits (insert, delete, replace, swap neighbours) that lead from `a` to `b`. */
function distance(a: string, b: string): number {
  if (b.startsWith(a) && a.length >= 3) return 1
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const at = (r: number, c: number): number => rows[r]?.[c] ?? 0
      let best = Math.min(at(i - 1, j) + 1, (row[j - 1] ?? 0) + 1, at(i - 1, j - 1) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, at(i - 2, j - 2) + 1)
      row.push(best)
    }
    rows.push(row)
  }
  return rows[a.length]?.[b.length] ?? 0
}
