/**
 * Asks the kernel for listening sockets alone (sock_diag(7)). Whoever reads /proc/net/tcp has it walk through the connections of the whole
 * node too, whatever he looks for.
 */
import { readSync, writeSync } from 'node:fs'
import { endianness } from 'node:os'

/** <linux/netlink.h>, <linux/sock_diag.h>. */
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const SOCK_DIAG_BY_FAMILY = 20
const REQUEST_DUMP = 0x301
const HEADER_BYTES = 16
const REQUEST_BYTES = HEADER_BYTES + 56
const IPPROTO_TCP = 6
/** A set of states (<net/tcp_states.h>). */
const LISTEN = 1 << 10
const AF_INET = 2
const AF_INET6 = 10
/** The kernel sends at most 32 KiB at a time. */
const MAX_BYTES = 64 * 1024
/** Of `struct inet_diag_msg`, after the message's header. */
const PORT_AT = 4
const ADDRESS_AT = 8

export class SocketDiag {
  readonly #descriptor: number
  readonly #answer: Buffer = Buffer.alloc(MAX_BYTES)
  #sequence = 0

  /** @param descriptor of a netlink socket for NETLINK_SOCK_DIAG that never blocks; its network namespace is the one that is looked at */
  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** Ports on which something listens at an address that is no loopback. Throws when the kernel does not say it. */
  listening(): Set<number> {
    const ports = new Set<number>()
    for (const family of [AF_INET, AF_INET6]) this.#ask(family, ports)
    return ports
  }

  #ask(family: number, ports: Set<number>): void {
    const sequence = ++this.#sequence
    writeSync(this.#descriptor, question(family, sequence))
    for (;;) {
      const length = readSync(this.#descriptor, this.#answer, 0, MAX_BYTES, null)
      // What an earlier question, given up half way, has left is passed over.
      if (readAnswer(this.#answer.subarray(0, length), sequence, ports)) return
    }
  }
}

/**
 * @param bytes messages of one read
 * @returns whether the answer is over. Throws when it is an error, or makes no sense.
 */
export function readAnswer(bytes: Buffer, sequence: number, ports: Set<number>): boolean {
  for (let at = 0; at < bytes.length; ) {
    const length = at + HEADER_BYTES <= bytes.length ? int32(bytes, at) : 0
    if (length < HEADER_BYTES || at + length > bytes.length) throw new Error('an answer of the kernel is cut')
    const type = int16(bytes, at + 4)
    if (int32(bytes, at + 8) === sequence) {
      if (type === NLMSG_DONE) return true
      if (type === NLMSG_ERROR)
        throw new Error(`the kernel refuses to tell its sockets (${int32(bytes, at + HEADER_BYTES)})`)
      const message = bytes.subarray(at + HEADER_BYTES, at + length)
      if (!isLoopback(message)) ports.add(message.readUInt16BE(PORT_AT))
    }
    at += (length + 3) & ~3
  }
  return false
}

/** `struct nlmsghdr` and `struct inet_diag_req_v2`. */
function question(family: number, sequence: number): Buffer {
  const bytes = Buffer.alloc(REQUEST_BYTES)
  put32(bytes, 0, REQUEST_BYTES)
  put16(bytes, 4, SOCK_DIAG_BY_FAMILY)
  put16(bytes, 6, REQUEST_DUMP)
  put32(bytes, 8, sequence)
  bytes[HEADER_BYTES] = family
  bytes[HEADER_BYTES + 1] = IPPROTO_TCP
  put32(bytes, HEADER_BYTES + 4, LISTEN)
  return bytes
}

/** Addresses are in network order. */
function isLoopback(message: Buffer): boolean {
  if (message[0] === AF_INET) return message[ADDRESS_AT] === 127
  const address = message.toString('hex', ADDRESS_AT, ADDRESS_AT + 16)
  return address === '00000000000000000000000000000001' || address.startsWith('00000000000000000000ffff7f')
}

/** Netlink speaks in the byte order of the machine. */
const LITTLE = endianness() === 'LE'
const int32 = (bytes: Buffer, at: number): number => (LITTLE ? bytes.readInt32LE(at) : bytes.readInt32BE(at))
const int16 = (bytes: Buffer, at: number): number => (LITTLE ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
const put32 = (bytes: Buffer, at: number, value: number): number =>
  LITTLE ? bytes.writeInt32LE(value, at) : bytes.writeInt32BE(value, at)
const put16 = (bytes: Buffer, at: number, value: number): number =>
  LITTLE ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at)
