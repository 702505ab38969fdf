import { constants } from 'node:os'

/** A signal ended the command before it did anything. */
export class Interrupted extends Error {
  /** As a shell has it: 128 and the signal's number. */
  readonly exit: number

  constructor(signal: NodeJS.Signals) {
    super(signal)
    this.exit = 128 + constants.signals[signal]
  }
}
