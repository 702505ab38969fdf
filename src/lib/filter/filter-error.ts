/** A filter that cannot be used, and where the mistake is. */
export class FilterError extends Error {
  /** Offset of the mistake in the expression, if it has one. */
  readonly at: number | undefined
  /** The expression's line with a mark under the mistake. */
  readonly shown: string

  constructor(cel: string, message: string, at?: number) {
    super(message)
    this.at = at
    this.shown = at === undefined ? cel : pointed(cel, at)
  }
}

function pointed(cel: string, at: number): string {
  const from = cel.lastIndexOf('\n', at - 1) + 1
  const [line = ''] = cel.slice(from).split('\n', 1)
  // A tab moves the mark as it moves what it stands under.
  const before = line.slice(0, at - from).replaceAll(/[^\t]/g, ' ')
  return `${line}\n${before}^`
}
