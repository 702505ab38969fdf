/** A kind of server of a corpus, and what it can do. */
import type { Started } from './started.ts'

export interface Kind {
  name: string
  cases: Set<string>
  /** @param name of the instance, which it says in its answers */
  start(name: string): Promise<Started>
}
