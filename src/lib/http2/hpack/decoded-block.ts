import { encodeBlock } from './encode.ts'
import type { Field, FieldBlock } from './field.ts'

export class DecodedBlock implements FieldBlock {
  readonly fields: readonly Field[]
  readonly verbatim: Buffer | undefined
  readonly tooLarge: boolean
  #encoded: Buffer | undefined

  constructor(fields: readonly Field[], verbatim: Buffer | undefined, tooLarge: boolean) {
    this.fields = fields
    this.verbatim = verbatim
    this.tooLarge = tooLarge
    this.#encoded = verbatim
  }

  get encoded(): Buffer {
    this.#encoded ??= encodeBlock(this.fields)
    return this.#encoded
  }
}
