/** Names of fields, each text's facts found once. */
import { STATIC_TABLE } from './static-table.ts'

export class HeaderName {
  readonly text: string
  /** The first entry of the static table with this name, or 0. */
  readonly staticIndex: number
  /** What the name means to who reads messages, found by him; 0 until then. */
  role = 0
  /** Indexes of the static table's entries by value. */
  readonly values: Map<string, number> | undefined

  constructor(text: string, staticIndex = 0) {
    this.text = text
    this.staticIndex = staticIndex
    this.values = staticIndex === 0 ? undefined : new Map()
  }
}

const KNOWN = new Map<string, HeaderName>()

/** Of each entry of the static table, the first of them index 0. */
export const STATIC_NAMES: readonly HeaderName[] = STATIC_TABLE.map(([text, value], at) => {
  const name = KNOWN.get(text) ?? new HeaderName(text, at + 1)
  KNOWN.set(text, name)
  name.values?.set(value, at + 1)
  return name
})

export function headerName(text: string): HeaderName {
  return KNOWN.get(text) ?? new HeaderName(text)
}
