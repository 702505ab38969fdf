/** Requests that the filter of an attachment did not match because it could not be asked to its end: all that its agents say. */
import type { FilterCounts } from '../../wire/messages/control.ts'

type Counts = Pick<FilterCounts, 'exceeded' | 'failed'>

export class Filtered {
  /** Of agents that are gone. */
  readonly #before: Counts = { exceeded: 0, failed: 0 }
  /** Of each pod, as its agent said last. */
  readonly #last = new Map<string, Counts>()

  /** An agent's counts since it has the attachment: another agent of the same pod begins anew. */
  hear(podUid: string, { exceeded, failed }: Counts): void {
    const last = this.#last.get(podUid)
    if (last !== undefined && (exceeded < last.exceeded || failed < last.failed)) {
      this.#before.exceeded += last.exceeded
      this.#before.failed += last.failed
    }
    this.#last.set(podUid, { exceeded, failed })
  }

  get counts(): Counts {
    const sum = { ...this.#before }
    for (const { exceeded, failed } of this.#last.values()) {
      sum.exceeded += exceeded
      sum.failed += failed
    }
    return sum
  }
}
