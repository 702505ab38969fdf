/** Questions about TCP sockets to the kernel: sock_diag(7) over netlink(7), <linux/inet_diag.h>. */
import { readSync, writeSync } from 'node:fs'
import { endianness } from 'node:os'

export const AF_INET = 2
export const AF_INET6 = 10
const IPPROTO_TCP = 6

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLM_F_REQUEST = 0x1
const HEADER_BYTES = 16
/** `struct inet_diag_sockid` within a request, and within an answer from octet 4 on. */
export const ID_BYTES = 48
const REQUEST_BYTES = 8 + ID_BYTES
/** The kernel sends at most 32 KiB at a time. */
const MAX_BYTES = 64 * 1024

export const NLM_F_ACK = 0x4
export const NLM_F_DUMP = 0x300
export const SOCK_DIAG_BY_FAMILY = 20
export const SOCK_DESTROY = 21

/** Netlink speaks the byte order of the machine. */
const IS_LITTLE = endianness() === 'LE'
const ERRNO: Record<number, string> = { 1: 'EPERM', 2: 'ENOENT', 13: 'EACCES', 95: 'EOPNOTSUPP', 93: 'EPROTONOSUPPORT' }

export interface Question {
  type: number
  flags: number
  family: number
  /** Bits, by the numbers of states in <net/tcp_states.h>. */
  states: number
  /** Bits, of what an answer has beside the socket. */
  extensions?: number
  /** `struct inet_diag_sockid`; any socket unless given. */
  id?: Buffer
}

const ANY: Buffer = Buffer.alloc(ID_BYTES)

export class SockDiagQuestions {
  readonly socket: number
  readonly #answer: Buffer = Buffer.alloc(MAX_BYTES)
  #sequence = 0

  /** @param socket descriptor of a netlink socket of NETLINK_SOCK_DIAG. What it is asked is about its own network namespace. */
  constructor(socket: number) {
    this.socket = socket
  }

  /** @param onSocket told of each `struct inet_diag_msg`, which is the caller's until it returns. Throws what the kernel says, with its `errno`. */
  ask({ type, flags, family, states, extensions = 0, id = ANY }: Question, onSocket: (message: Buffer) => void): void {
    const sequence = ++this.#sequence
    const length = HEADER_BYTES + REQUEST_BYTES
    const head = new Uint32Array([length, 0, sequence, 0])
    new Uint16Array(head.buffer).set([type, NLM_F_REQUEST | flags], 2)
    const what = new Uint32Array([0, states])
    new Uint8Array(what.buffer).set([family, IPPROTO_TCP, extensions])
    writeSync(this.socket, Buffer.concat([Buffer.from(head.buffer), Buffer.from(what.buffer), id], length))
    // What an earlier question, given up half way, has left is passed over.
    while (!readAnswer(this.#answer.subarray(0, readSync(this.socket, this.#answer)), sequence, onSocket));
  }
}

/**
 * @param bytes messages of one read
 * @returns whether it has the end of the answer. Throws when that is an error, or makes no sense.
 */
export function readAnswer(bytes: Buffer, sequence: number, onSocket: (message: Buffer) => void): boolean {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = number(bytes, at)
    if (length < HEADER_BYTES || at + length > bytes.length) throw new Error('a netlink message is cut')
    const type = short(bytes, at + 4)
    const isOurs = number(bytes, at + 8) === sequence
    const body = bytes.subarray(at + HEADER_BYTES, at + length)
    at += (length + 3) & ~3
    if (!isOurs) continue
    if (type === NLMSG_DONE) return true
    if (type === NLMSG_ERROR) {
      const errno = -(number(body, 0) | 0)
      if (errno === 0) return true
      throw failure(errno)
    }
    onSocket(body)
  }
  return false
}

export function failure(errno: number): NodeJS.ErrnoException {
  const code = ERRNO[errno] ?? `errno ${errno}`
  return Object.assign(new Error(`sock_diag: ${code}`), { code, errno })
}

/** 32 bits. */
export function number(bytes: Buffer, at: number): number {
  return IS_LITTLE ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}

/** 16 bits. */
export function short(bytes: Buffer, at: number): number {
  return IS_LITTLE ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
}
