/** Differences as they are found; beyond a bound they are only counted. */
import type { Difference } from './difference.ts'

/** Differences of two answers that are told one by one. */
export const MAX_TOLD = 100

export class Findings {
  readonly all: Difference[] = []
  /** Beyond those. */
  more = 0

  add(field: string, app: string | undefined, laptop: string | undefined): void {
    if (this.all.length >= MAX_TOLD) {
      this.more++
      return
    }
    this.all.push({ field, ...(app !== undefined && { app }), ...(laptop !== undefined && { laptop }) })
  }
}
