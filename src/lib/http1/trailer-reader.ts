/** The trailers behind the last chunk (RFC 9112 §7.1.2), as strictly as header lines. */
import { BadMessage } from './bad-message.ts'
import { COLON, CR, LF, TOKEN, VALUE } from './octets.ts'

const MAX_BYTES = 16 * 1024
/** A server that merges trailers into its headers would read the next message by these (RFC 9110 §6.5.1). */
const FRAMING = new Set(['content-length', 'transfer-encoding', 'host'])
const LONGEST = 'transfer-encoding'.length

export class TrailerReader {
  #state: 'begin' | 'name' | 'value' | 'end' | 'last' = 'begin'
  #bytes = 0
  #name = ''

  /** @returns true when it was the last octet of the body */
  take(octet: number): boolean {
    if (++this.#bytes > MAX_BYTES) throw new BadMessage(400, 'the trailers are too long')
    switch (this.#state) {
      case 'begin':
        if (octet === CR) this.#state = 'last'
        else if (TOKEN[octet] === 0) throw malformed()
        else {
          this.#state = 'name'
          this.#name = String.fromCharCode(TOKEN[octet] as number)
        }
        return false
      case 'name':
        if (octet === COLON) this.#endName()
        else if (TOKEN[octet] === 0) throw malformed()
        else if (this.#name.length <= LONGEST) this.#name += String.fromCharCode(TOKEN[octet] as number)
        return false
      case 'value':
        if (octet === CR) this.#state = 'end'
        else if (VALUE[octet] !== 1) throw malformed()
        return false
      case 'end':
        if (octet !== LF) throw malformed()
        this.#state = 'begin'
        return false
      case 'last':
        if (octet !== LF) throw malformed()
        return true
    }
  }

  #endName(): void {
    if (FRAMING.has(this.#name)) throw new BadMessage(400, `${this.#name} is no trailer`)
    this.#state = 'value'
  }
}

function malformed(): BadMessage {
  return new BadMessage(400, 'a trailer is malformed')
}
