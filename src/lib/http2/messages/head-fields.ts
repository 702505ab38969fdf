/** The fields of a checked head that are no pseudo-header fields. */
import type { Field } from '../hpack/field.ts'

export class HeadFields {
  /** All, pseudo-header fields first. */
  readonly fields: readonly Field[]
  readonly #from: number

  /** @param from the first that is no pseudo-header field */
  constructor(fields: readonly Field[], from: number) {
    this.fields = fields
    this.#from = from
  }

  /** Of all names and values, with a separator for each as HTTP/1 has them. */
  get bytes(): number {
    let bytes = 0
    for (const field of this.fields) bytes += field.bytes + 4
    return bytes
  }

  /** Without pseudo-header fields; made anew each time. */
  get headers(): [name: string, value: string][] {
    return this.regular.map(({ name, value }) => [name, value])
  }

  get regular(): readonly Field[] {
    return this.fields.slice(this.#from)
  }

  /**
   * All values of a field, joined as one list (RFC 9110 §5.3), cookies as RFC 9113 §8.2.3 says; empty when absent.
   * @param name in lower case
   */
  list(name: string): string {
    let list: string | undefined
    for (let at = this.#from; at < this.fields.length; at++) {
      const field = this.fields[at] as Field
      // An empty piece of a cookie says nothing, and would leave a separator at the end.
      if (field.name !== name || (name === 'cookie' && field.value === '')) continue
      list = list === undefined ? field.value : `${list}${name === 'cookie' ? '; ' : ', '}${field.value}`
    }
    return list ?? ''
  }
}
