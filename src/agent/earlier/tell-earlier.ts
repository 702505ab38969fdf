/** Tells laptops what of theirs goes past the agent. */
import type { Route } from '../../wire/messages/control.ts'
import type { Laptop } from '../laptops.ts'
import type { Earlier } from './earlier.ts'

/** What each laptop knows, by the Intercept's uid. */
const told = new WeakMap<Laptop, Map<string, string>>()

/** @param own the laptop's routes that are in force. Says only what has changed, and nothing of what never was. */
export function tellEarlier(
  laptop: Laptop,
  own: readonly Route[],
  earlier: Pick<Earlier, 'connections' | 'ends'>,
): void {
  const known = told.get(laptop) ?? new Map<string, string>()
  const now = new Map<string, string>()
  for (const { intercept, ports } of own) {
    const connections = earlier.connections(ports)
    const ends = earlier.ends(intercept)
    const text = connections === 0 ? '0' : `${connections} ${ends}`
    now.set(intercept, text)
    if ((known.get(intercept) ?? '0') !== text) laptop.tell({ kind: 'earlier', intercept, connections, ends })
  }
  told.set(laptop, now)
}
