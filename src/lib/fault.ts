/**
 * The one error that people see: a code of the catalogue, one sentence, what to do. Code compares `code`, never classes
 * or sentences. It crosses processes as JSON (`toJSON`, `Fault.from`).
 */

/** `user`: they can mend it by what they type. `environment`: the machine or cluster must change. `bug`: ours. */
export type FaultKind = 'user' | 'environment' | 'bug'

export interface FaultFields {
  code: string
  kind: FaultKind
  /** The exit code of the CLI: 64, 65, 69, 75, 77, 79 or 1. */
  exit: number
  /** What happened, why, and what state things are in. */
  sentence: string
  /** At most two things to do, as a person would type or do them. */
  actions: string[]
}

export class Fault extends Error implements FaultFields {
  readonly code: string
  readonly kind: FaultKind
  readonly exit: number
  readonly sentence: string
  readonly actions: string[]

  constructor(fields: FaultFields, cause?: unknown) {
    super(fields.sentence, cause === undefined ? undefined : { cause })
    this.code = fields.code
    this.kind = fields.kind
    this.exit = fields.exit
    this.sentence = fields.sentence
    this.actions = fields.actions
  }

  toJSON(): FaultFields {
    const { code, kind, exit, sentence, actions } = this
    return { code, kind, exit, sentence, actions }
  }

  /** The fault that another process sent as JSON. */
  static from(fields: FaultFields): Fault {
    return new Fault(fields)
  }
}
