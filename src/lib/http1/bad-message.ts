/** The request or answer cannot be passed on. */
export class BadMessage extends Error {
  /** What a server would answer. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}
