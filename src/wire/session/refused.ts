/** The far end said no to a stream; `code` is one of `wire/messages/open.ts`. */
export class StreamRefused extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
