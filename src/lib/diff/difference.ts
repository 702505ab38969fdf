/** One thing that two answers say differently. */
export interface Difference {
  /** `status`, a header's name, a JSON path, or `body`. */
  field: string
  /** What each says, shortened; undefined: nothing. */
  app?: string
  laptop?: string
}
