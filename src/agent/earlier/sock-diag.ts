/** What the kernel knows of TCP connections of this network namespace, and how it ends one: sock_diag(7), <linux/inet_diag.h>. */
import { closeSync, readSync, writeSync } from 'node:fs'
import { endianness } from 'node:os'
import koffi from 'koffi'

const AF_INET = 2
const AF_INET6 = 10
const AF_NETLINK = 16
const SOCK_RAW_CLOEXEC = 3 | 0o2000000
const NETLINK_SOCK_DIAG = 4
const IPPROTO_TCP = 6

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const SOCK_DIAG_BY_FAMILY = 20
const SOCK_DESTROY = 21
const NLM_F_REQUEST = 0x1
const NLM_F_ACK = 0x4
const NLM_F_DUMP = 0x300
const HEADER_BYTES = 16

/** `struct inet_diag_sockid` within a request, and within an answer. */
const ID_BYTES = 48
const REQUEST_BYTES = 8 + ID_BYTES
const ANSWER_BYTES = 4 + ID_BYTES + 20
const COOKIE_AT = 40
const INET_DIAG_INFO = 2
const ESTABLISHED = 1
/** Up to `tcpi_data_segs_out` (Linux 4.6). */
const TCP_INFO_BYTES = 160

/** Netlink speaks the byte order of the machine. */
const IS_LITTLE = endianness() === 'LE'

const ENOENT = 2
/** The socket has another cookie: it is another one. */
const ESTALE = 116
const ERRNO: Record<number, string> = { 1: 'EPERM', 2: 'ENOENT', 13: 'EACCES', 95: 'EOPNOTSUPP', 93: 'EPROTONOSUPPORT' }

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
  readonly #socket: number
  readonly #answer = Buffer.alloc(64 * 1024)
  #sequence = 0

  /** Throws when the kernel has none. */
  constructor() {
    this.#socket = koffi.load('libc.so.6').func('int socket(int, int, int)')(
      AF_NETLINK,
      SOCK_RAW_CLOEXEC,
      NETLINK_SOCK_DIAG,
    )
    if (this.#socket < 0) throw failure(koffi.errno())
  }

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
    closeSync(this.#socket)
  }

  #ask(type: number, flags: number, family: number, id: Buffer): Sample[] {
    const sequence = ++this.#sequence
    const length = HEADER_BYTES + REQUEST_BYTES
    const head = new Uint32Array([length, 0, sequence, 0])
    new Uint16Array(head.buffer).set([type, NLM_F_REQUEST | flags], 2)
    const what = new Uint32Array([0, 1 << ESTABLISHED])
    new Uint8Array(what.buffer).set([family, IPPROTO_TCP, 1 << (INET_DIAG_INFO - 1)])
    writeSync(this.#socket, Buffer.concat([Buffer.from(head.buffer), Buffer.from(what.buffer), id], length))
    return this.#answers(sequence)
  }

  /** Ends at the message that says that there are no more. */
  #answers(sequence: number): Sample[] {
    const found: Sample[] = []
    for (;;) {
      const bytes = this.#answer.subarray(0, readSync(this.#socket, this.#answer))
      for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
        const length = number(bytes, at)
        if (length < HEADER_BYTES) throw new Error('a netlink message is cut')
        const type = short(bytes, at + 4)
        const isOurs = number(bytes, at + 8) === sequence
        const body = bytes.subarray(at + HEADER_BYTES, at + length)
        at += (length + 3) & ~3
        if (!isOurs) continue
        if (type === NLMSG_DONE) return found
        if (type === NLMSG_ERROR) {
          const errno = -signed(body)
          if (errno === 0) return found
          throw failure(errno)
        }
        const sample = sampleOf(body)
        if (sample !== undefined) found.push(sample)
      }
    }
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

function failure(errno: number): NodeJS.ErrnoException {
  const code = ERRNO[errno] ?? `errno ${errno}`
  return Object.assign(new Error(`sock_diag: ${code}`), { code, errno })
}

function number(bytes: Buffer, at: number): number {
  return IS_LITTLE ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}

function signed(bytes: Buffer): number {
  return IS_LITTLE ? bytes.readInt32LE() : bytes.readInt32BE()
}

function short(bytes: Buffer, at: number): number {
  return IS_LITTLE ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
}
