/** A kind of server of a corpus, and what it can do. */
import type { Started } from './started.ts'

export interface Kind {
  name: string
  cases: Set<string>
  /** How many places share its rows, 1 unless said: for those whose connections are over late. */
  places?: number
  /** @param name of the instance, which it says in its answers */
  start(name: string): Promise<Started>
}
