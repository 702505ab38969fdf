/**
 * Memory that sockets read into: slabs that are used again once every byte that was lent of them has been given back. Who never
 * gives back does no harm: such a slab is left to the garbage collector.
 *
 * Bytes may be given back once, by the one who knows that nobody looks at them any more.
 */

export const SLAB_BYTES = 256 * 1024
/** Slabs that wait to be used again. */
const MAX_FREE = 32

class Slab extends ArrayBuffer {
  /** Bytes that are lent and not yet given back. */
  lent = 0
  /** More may be lent of it. */
  open = true
}

/** Less than this is not worth that a slab waits for it. */
const WORTH_BYTES = SLAB_BYTES / 4

const free: Slab[] = []

/** For tests: overwrites what was given back, so that whoever still looks at it reads nonsense. */
export const debug = { poison: false }

/** A slab to read into; nothing of it is lent. */
export function takeSlab(): Buffer {
  const slab = free.pop() ?? new Slab(SLAB_BYTES)
  slab.open = true
  return Buffer.from(slab)
}

/** Lends the first `count` bytes of what is left of a slab; the rest may be lent later. */
export function lend(left: Buffer, count: number): Buffer {
  if (left.buffer instanceof Slab) left.buffer.lent += count
  return left.subarray(0, count)
}

/** No more will be lent of the slab. */
export function closeSlab({ buffer }: Buffer): void {
  if (!(buffer instanceof Slab)) return
  buffer.open = false
  if (buffer.lent === 0) keep(buffer)
}

function keep(slab: Slab): void {
  if (free.length < MAX_FREE) free.push(slab)
}

/** Lets go of the slabs that wait to be used again: a process that has become idle needs none. */
export function dropSlabs(): void {
  free.length = 0
}

/** Gives bytes back; does nothing for bytes of any other memory. */
export function giveBack(bytes: Uint8Array): void {
  const { buffer } = bytes
  if (!(buffer instanceof Slab) || bytes.byteLength === 0) return
  if (debug.poison) bytes.fill(0xdd)
  buffer.lent -= bytes.byteLength
  if (buffer.lent === 0 && !buffer.open) keep(buffer)
}

/** Whether the bytes are lent ones: others need not be given back. */
export function isLent(bytes: Uint8Array): boolean {
  return bytes.buffer instanceof Slab
}

/** Bytes that will wait for long: a small piece leaves its slab, so that it keeps no more memory than it is. */
export function settle(bytes: Buffer): Buffer {
  if (bytes.length >= WORTH_BYTES || !(bytes.buffer instanceof Slab)) return bytes
  const copy = Buffer.from(bytes)
  giveBack(bytes)
  return copy
}
