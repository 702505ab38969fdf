/** What the kernel knows of TCP connections of this network namespace, and how it ends one: sock_diag(7), <linux/inet_diag.h>. */
import { closeSync } from 'node:fs'
import { openSockDiag } from '../takeover/open-sock-diag.ts'
import {
  AF_INET,
  AF_INET6,
  ID_BYTES,
  NLM_F_ACK,
  NLM_F_DUMP,
  number,
  SOCK_DESTROY,
  SOCK_DIAG_BY_FAMILY,
  SockDiagQuestions,
  short,
} from '../takeover/sock-diag-questions.ts'

const ANSWER_BYTES = 4 + ID_BYTES + 20
const COOKIE_AT = 40
const INET_DIAG_INFO = 2
const ESTABLISHED = 1
/** Up to `tcpi_data_segs_out` (Linux 4.6). */
const TCP_INFO_BYTES = 160

const ENOENT = 2
/** The socket has another cookie: it is another one. */
const ESTALE = 116

/** One established connection at one moment. */
export interface Sample {
  /** The kernel's own name for it, cookie included. */
  id: Buffer
  family: number
  port: number
  inode: number
  /** Bytes that the app has not read, and those that its client has not acknowledged or was not sent. */
  unread: number
  unsent: number
  /** Milliseconds since the app last sent data, since its client did, and since its client acknowledged, in the kernel's ticks. */
  sentMs: number
  receivedMs: number
  acknowledgedMs: number
  /** Bytes that came, segments with data, and all segments, since the beginning. */
  bytesIn: number
  dataOut: number
  dataIn: number
  allOut: number
}

export class SockDiag {
  /** Where the kernel has none, making this throws. */
  readonly #questions = new SockDiagQuestions(openSockDiag())

  /** Established connections to a port, of both address families. Throws what the kernel says. */
  established(port: number): Sample[] {
    const id = Buffer.alloc(ID_BYTES)
    id.writeUInt16BE(port)
    return [AF_INET, AF_INET6].flatMap((family) => this.#ask(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, family, id))
  }

  /** The same connection now; undefined when it is not established any more. Throws what the kernel says. */
  again({ family, id }: Sample): Sample | undefined {
    try {
      return this.#ask(SOCK_DIAG_BY_FAMILY, NLM_F_ACK, family, id)[0]
    } catch (error) {
      if (isGone(error)) return undefined
      throw error
    }
  }

  /** Ends it as a reset does, for its client and the app. @returns false when it was gone. Throws what the kernel says (CAP_NET_ADMIN, CONFIG_INET_DIAG_DESTROY). */
  end({ family, id }: Sample): boolean {
    try {
      this.#ask(SOCK_DESTROY, NLM_F_ACK, family, id)
      return true
    } catch (error) {
      if (isGone(error)) return false
      throw error
    }
  }

  close(): void {
    closeSync(this.#questions.socket)
  }

  #ask(type: number, flags: number, family: number, id: Buffer): Sample[] {
    const found: Sample[] = []
    const question = { type, flags, family, states: 1 << ESTABLISHED, extensions: 1 << (INET_DIAG_INFO - 1), id }
    this.#questions.ask(question, (message) => {
      const sample = sampleOf(message)
      if (sample !== undefined) found.push(sample)
    })
    return found
  }
}

/** Undefined for what is not established. Throws when the kernel tells less than is needed. */
function sampleOf(answer: Buffer): Sample | undefined {
  if (answer[1] !== ESTABLISHED) return undefined
  const info = attribute(answer.subarray(ANSWER_BYTES), INET_DIAG_INFO)
  if (info === undefined || info.length < TCP_INFO_BYTES) throw new Error('the kernel is older than Linux 4.6')
  return {
    id: Buffer.from(answer.subarray(4, 4 + ID_BYTES)),
    family: answer[0] ?? 0,
    port: answer.readUInt16BE(4),
    inode: number(answer, ANSWER_BYTES - 4),
    unread: number(answer, ANSWER_BYTES - 16),
    unsent: number(answer, ANSWER_BYTES - 12) + number(info, 24) + number(info, 144),
    sentMs: number(info, 44),
    receivedMs: number(info, 52),
    acknowledgedMs: number(info, 56),
    bytesIn: number(info, 128),
    allOut: number(info, 136),
    dataIn: number(info, 152),
    dataOut: number(info, 156),
  }
}

/** Its cookie, which no other connection has. */
export function cookieOf({ id }: Pick<Sample, 'id'>): string {
  return id.toString('hex', COOKIE_AT)
}

function attribute(bytes: Buffer, wanted: number): Buffer | undefined {
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = short(bytes, at)
    if (length < 4) return undefined
    if (short(bytes, at + 2) === wanted) return bytes.subarray(at + 4, at + length)
    at += (length + 3) & ~3
  }
  return undefined
}

function isGone(error: unknown): boolean {
  const { errno } = error as NodeJS.ErrnoException
  return errno === ENOENT || errno === ESTALE
}
