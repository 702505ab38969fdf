/**
 * The extensions of chunks (RFC 9112 §7.1.1): everybody ignores them, so all that counts is where they end. Blanks in them, which nobody may send, are
 * refused: readers have taken them differently.
 */
import { BadMessage } from './bad-message.ts'
import { CR, DQUOTE, EQUALS, SEMICOLON, TOKEN, VALUE } from './octets.ts'

/** Of one chunk: more is a way to keep a reader busy. */
const MAX_BYTES = 1024
const BACKSLASH = 92

export class ExtensionReader {
  #state: 'begin' | 'name' | 'value' | 'token' | 'quoted' | 'escaped' | 'after' = 'begin'
  #bytes = 0

  /** @param octet behind the first semicolon. @returns true when it was the carriage return behind the last extension */
  take(octet: number): boolean {
    if (++this.#bytes > MAX_BYTES) throw new BadMessage(400, 'the chunk extensions are too long')
    switch (this.#state) {
      case 'begin':
        if (TOKEN[octet] === 0) throw malformed()
        this.#state = 'name'
        return false
      case 'value':
        if (octet === DQUOTE) this.#state = 'quoted'
        else if (TOKEN[octet] !== 0) this.#state = 'token'
        else throw malformed()
        return false
      case 'quoted':
        if (octet === DQUOTE) this.#state = 'after'
        else if (octet === BACKSLASH) this.#state = 'escaped'
        else if (VALUE[octet] !== 1) throw malformed()
        return false
      case 'escaped':
        if (VALUE[octet] !== 1) throw malformed()
        this.#state = 'quoted'
        return false
      default:
        return this.#end(octet)
    }
  }

  /** Behind a name or a value. */
  #end(octet: number): boolean {
    if (this.#state !== 'after' && TOKEN[octet] !== 0) return false
    if (octet === EQUALS && this.#state === 'name') {
      this.#state = 'value'
      return false
    }
    if (octet !== CR && octet !== SEMICOLON) throw malformed()
    this.#state = 'begin'
    if (octet === CR) this.#bytes = 0
    return octet === CR
  }
}

function malformed(): BadMessage {
  return new BadMessage(400, 'a chunk extension is malformed')
}
