/**
 * The field lines of a head, read in one pass over their octets (RFC 9112 §5). Where fields begin and end is noted, text is made only of those that
 * somebody asks for: a request that nobody wants costs no string.
 */
import { BadMessage } from './bad-message.ts'
import { COLON, CR, HOST, HTAB, LF, SP, TOKEN, VALUE } from './octets.ts'

export const MAX_HEAD_BYTES = 64 * 1024

/** Real requests have some dozens; who looks at all of them takes time for each. */
const MAX_FIELDS = 1000

/** Lengths that are read; longer numbers could be lost in arithmetic somewhere. */
const MAX_LENGTH_DIGITS = 15

export class Fields {
  /** After the empty line. */
  end = 0
  /** Host fields, and whether all of them are hosts, perhaps empty. */
  hosts = 0
  namesHosts = true
  /** Content-Length fields, and the number that the last of them gives; -1 when it is none. */
  lengths = 0
  length = -1
  /** Transfer-Encoding fields, and whether the last of them says `chunked` and nothing else. */
  codings = 0
  chunked = false
  /** Connection options (RFC 9110 §7.6.1). */
  closes = false
  keeps = false
  upgrades = false
  /** `Expect: 100-continue`. */
  expects = false
  readonly #buffer: Buffer
  /** Four numbers each: where name and value begin and end. */
  readonly #at: number[] = []

  private constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  /**
   * @param from where the first field line begins
   * @returns undefined while the head is incomplete. Throws `BadMessage`.
   */
  static read(buffer: Buffer, from: number): Fields | undefined {
    const fields = new Fields(buffer)
    for (let at = from; ; ) {
      const first = buffer[at]
      if (first === undefined) return undefined
      if (first === CR) {
        const next = buffer[at + 1]
        if (next === undefined) return undefined
        if (next !== LF) throw new BadMessage(400, 'a carriage return stands alone')
        fields.end = at + 2
        return fields
      }
      at = fields.#line(at)
      if (at < 0) return undefined
    }
  }

  /** All fields in order, names in lower case; made anew each time. */
  get all(): [name: string, value: string][] {
    const all: [string, string][] = []
    for (let index = 0; index < this.#at.length; index += 4) all.push([this.#name(index), this.#value(index)])
    return all
  }

  /**
   * All values of a field, joined as one list (RFC 9110 §5.3), cookies as RFC 6265 §5.4 says; empty when absent.
   * @param name in lower case
   */
  list(name: string): string {
    let list: string | undefined
    const at = this.#at
    for (let index = 0; index < at.length; index += 4) {
      if (!this.#is(at[index] ?? 0, at[index + 1] ?? 0, name)) continue
      const value = this.#value(index)
      list = list === undefined ? value : `${list}${name === 'cookie' ? '; ' : ', '}${value}`
    }
    return list ?? ''
  }

  /** Reads one line. @returns where the next begins, or -1 while this one is incomplete */
  #line(nameFrom: number): number {
    const buffer = this.#buffer
    const { length } = buffer
    let at = nameFrom
    while (at < length && TOKEN[buffer[at] as number] !== 0) at++
    if (at === length) return -1
    const nameTo = at
    if (nameTo === nameFrom || buffer[at] !== COLON) throw new BadMessage(400, 'a header line is malformed')
    at++
    while (at < length && (buffer[at] === SP || buffer[at] === HTAB)) at++
    const valueFrom = at
    while (at < length && VALUE[buffer[at] as number] === 1) at++
    if (at === length) return -1
    let valueTo = at
    if (buffer[at] === LF) throw new BadMessage(400, 'a line ends without a carriage return')
    if (buffer[at] !== CR) throw new BadMessage(400, 'a header has a control character')
    if (at + 1 === length) return -1
    if (buffer[at + 1] !== LF) throw new BadMessage(400, 'a header has a control character')
    while (valueTo > valueFrom && (buffer[valueTo - 1] === SP || buffer[valueTo - 1] === HTAB)) valueTo--
    if (this.#at.length >= 4 * MAX_FIELDS) throw new BadMessage(431, `there are more than ${MAX_FIELDS} header lines`)
    this.#at.push(nameFrom, nameTo, valueFrom, valueTo)
    this.#note(nameFrom, nameTo, valueFrom, valueTo)
    return at + 2
  }

  /** Takes down what framing and connections depend on. */
  #note(nameFrom: number, nameTo: number, valueFrom: number, valueTo: number): void {
    switch (nameTo - nameFrom) {
      case 4:
        if (!this.#is(nameFrom, nameTo, 'host')) return
        this.hosts++
        for (let at = valueFrom; at < valueTo; at++) if (HOST[this.#buffer[at] as number] === 0) this.namesHosts = false
        return
      case 6:
        if (this.#is(nameFrom, nameTo, 'expect')) this.expects ||= this.#is(valueFrom, valueTo, '100-continue')
        return
      case 7:
        if (this.#is(nameFrom, nameTo, 'upgrade')) this.upgrades = true
        return
      case 10:
        if (this.#is(nameFrom, nameTo, 'connection')) this.#options(valueFrom, valueTo)
        return
      case 14:
        if (!this.#is(nameFrom, nameTo, 'content-length')) return
        this.lengths++
        this.length = this.#number(valueFrom, valueTo)
        return
      case 17:
        if (!this.#is(nameFrom, nameTo, 'transfer-encoding')) return
        this.codings++
        this.chunked = this.#is(valueFrom, valueTo, 'chunked')
    }
  }

  #options(from: number, to: number): void {
    if (this.#is(from, to, 'keep-alive')) this.keeps = true
    else if (this.#is(from, to, 'close')) this.closes = true
    else {
      const options = this.#buffer
        .toString('latin1', from, to)
        .toLowerCase()
        .split(/[ \t]*,[ \t]*/)
      this.closes ||= options.includes('close')
      this.keeps ||= options.includes('keep-alive')
    }
  }

  #number(from: number, to: number): number {
    if (to === from || to - from > MAX_LENGTH_DIGITS) return -1
    let number = 0
    for (let at = from; at < to; at++) {
      const digit = (this.#buffer[at] as number) - 48
      if (digit < 0 || digit > 9) return -1
      number = number * 10 + digit
    }
    return number
  }

  /** Whether octets are a text of token characters, in any case. */
  #is(from: number, to: number, text: string): boolean {
    if (to - from !== text.length) return false
    for (let index = 0; index < text.length; index++) {
      if (TOKEN[this.#buffer[from + index] as number] !== text.charCodeAt(index)) return false
    }
    return true
  }

  #name(index: number): string {
    return this.#buffer.toString('latin1', this.#at[index], this.#at[index + 1]).toLowerCase()
  }

  #value(index: number): string {
    return this.#buffer.toString('latin1', this.#at[index + 2], this.#at[index + 3])
  }
}
