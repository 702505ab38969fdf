/** This project's readers, driven as a connection drives them. */
import { BodyReader } from '../../../src/lib/http1/body-reader.ts'
import { type Framing, requestFraming, responseFraming } from '../../../src/lib/http1/framing.ts'
import { BadMessage, type Head, readRequestHead, readResponseHead } from '../../../src/lib/http1/head.ts'
import type { Message, Reading, What } from './reading.ts'

/** @param cuts where the bytes are parted, ascending */
export function readAsWe(bytes: Buffer, what: What, cuts: number[] = []): Reading {
  const reader = new Reader(what)
  let from = 0
  for (const to of [...cuts, bytes.length]) {
    if (!reader.take(bytes.subarray(from, to))) break
    from = to
  }
  return reader.end()
}

interface Open {
  message: Message
  body: BodyReader
  framing: Framing
  keeps: boolean
  chunks: Chunks
}

class Reader {
  readonly #what: What
  readonly #messages: Message[] = []
  #held: Buffer = Buffer.alloc(0)
  #open: Open | undefined
  #over: Reading['over'] | undefined
  #why = ''

  constructor(what: What) {
    this.#what = what
  }

  /** @returns false when it reads no more */
  take(bytes: Buffer): boolean {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    try {
      while (this.#over === undefined && this.#held.length > 0) {
        if (!(this.#open === undefined ? this.#head() : this.#body(this.#open))) break
      }
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error
      this.#over = 'refused'
      this.#why = error.message
    }
    return this.#over === undefined
  }

  end(): Reading {
    // A body that lasts until the connection ends is whole now.
    const untilClose = this.#over === undefined && this.#open?.framing.kind === 'close'
    if (untilClose && this.#open !== undefined) this.#close(this.#open.message)
    const over = this.#open !== undefined ? 'body' : this.#held.length > 0 ? 'head' : 'end'
    return { messages: this.#messages, over: this.#over ?? over, untilClose, why: this.#why }
  }

  /** @returns false when more bytes are needed */
  #head(): boolean {
    if (this.#what === 'request') this.#held = withoutEmptyLines(this.#held)
    const found = this.#what === 'request' ? this.#request() : this.#answer()
    if (found === undefined) return false
    const { head, start, framing } = found
    this.#held = this.#held.subarray(head.bytes)
    const fields = head.headers.map(([name, value]) => `${name}: ${value}`)
    const keeps = head.keepsAlive && framing.kind !== 'close'
    const message = { start, fields, body: '' }
    this.#open = { message, body: new BodyReader(framing), framing, keeps, chunks: new Chunks(framing) }
    // Another protocol begins.
    if (found.upgrade) this.#close(message)
    else if (this.#open.body.done) this.#close(message, keeps)
    return true
  }

  #request(): { head: Head; start: string; framing: Framing; upgrade: boolean } | undefined {
    const head = readRequestHead(this.#held)
    if (head === undefined) return undefined
    return {
      head,
      start: `${head.method} ${head.target}`,
      framing: requestFraming(head),
      upgrade: head.method === 'CONNECT',
    }
  }

  #answer(): { head: Head; start: string; framing: Framing; upgrade: boolean } | undefined {
    const head = readResponseHead(this.#held)
    if (head === undefined) return undefined
    const framing = responseFraming(head, 'GET')
    return { head, start: String(head.status), framing, upgrade: head.status === 101 }
  }

  #body({ message, body, keeps, chunks }: Open): boolean {
    const taken = body.take(this.#held)
    message.body += chunks.content(this.#held.toString('latin1', 0, taken))
    this.#held = this.#held.subarray(taken)
    if (!body.done) return false
    this.#close(message, keeps)
    return true
  }

  #close(message: Message, keeps = false): void {
    this.#messages.push(message)
    this.#open = undefined
    if (!keeps) this.#over = 'last'
  }
}

/** What a body says, without its coding. It was read already: nothing is checked here. */
class Chunks {
  readonly #coded: boolean
  #text = ''
  #left = 0
  #state: 'size' | 'data' | 'trailers' = 'size'

  constructor({ kind }: Framing) {
    this.#coded = kind === 'chunked'
  }

  content(text: string): string {
    if (!this.#coded) return text
    this.#text += text
    let content = ''
    for (;;) {
      if (this.#state === 'data') {
        const data = this.#text.slice(0, this.#left)
        content += data
        this.#text = this.#text.slice(data.length)
        this.#left -= data.length
        if (this.#left > 0 || this.#text.length < 2) return content
        this.#text = this.#text.slice(2)
        this.#state = 'size'
      }
      const end = this.#text.indexOf('\n')
      if (this.#state === 'trailers' || end < 0) return content
      this.#left = Number.parseInt(this.#text, 16)
      this.#text = this.#text.slice(end + 1)
      this.#state = this.#left === 0 ? 'trailers' : 'data'
    }
  }
}

/** RFC 9112 §2.2; the connection does it before it reads a head. */
function withoutEmptyLines(bytes: Buffer): Buffer {
  let at = 0
  while (bytes[at] === 13 && bytes[at + 1] === 10) at += 2
  return bytes.subarray(at)
}
