/** What became of a wiretap's copies, in one line. */
import type { WiretapCounts } from '../../lib/daemon-api.ts'

export function countsText({ copied, dropped, compared }: WiretapCounts): string {
  const reasons = Object.entries(dropped).filter(([, count]) => count > 0)
  const lost = reasons.reduce((sum, [, count]) => sum + count, 0)
  const why = reasons.map(([reason, count]) => `${reason} ${count}`).join(', ')
  const line = `${copied} copied, ${lost} dropped${why === '' ? '' : ` (${why})`}`
  if (compared === undefined) return line
  const { same, different, uncompared, untold, pending } = compared
  const unseen = untold > 0 ? ` (${untold} not shown)` : ''
  const others = `${uncompared > 0 ? `, ${uncompared} not compared` : ''}${pending > 0 ? `, ${pending} not answered yet` : ''}`
  return `${line}: ${same} the same, ${different} different${unseen}${others}`
}
