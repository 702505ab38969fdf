import type { Code } from '../../diagnose/catalogue.ts'

/** Why TLS is not ended; `message` goes on a sentence about the port. */
export class NotEnded extends Error {
  readonly code: Code

  constructor(code: Code, message: string) {
    super(message)
    this.code = code
  }
}
