/** A filter that cannot be used, and where the mistake is. */
export class FilterError extends Error {
  /** Offset of the mistake in the expression, if it has one. */
  readonly at: number | undefined
  /** The expression's line with a mark under the mistake. */
  readonly shown: string

  constructor(cel: string, message: string, at?: number) {
    super(message)
    this.at = at
    this.shown = at === undefined ? cel : `${cel}\n${' '.repeat(at)}^`
  }
}
