/**
 * Sockets that read large pieces into slabs (`slab.ts`): memory that was just used is in the processor's cache, fresh memory is not,
 * and that is a quarter of the speed of a pipe.
 */
import { type NetConnectOpts, Socket, type SocketConstructorOpts } from 'node:net'
import { closeSlab, lend, SLAB_BYTES, takeSlab } from './slab.ts'

/** What all sockets read into while little comes; it is copied out at once. */
const SHARED = Buffer.allocUnsafeSlow(SLAB_BYTES)
/** Less is copied: a small piece that is kept must not keep a slab. */
const LENT_BYTES = 16 * 1024
/** What is left of a slab is read into as long as it is so much. */
const LEFT_BYTES = 64 * 1024
/** Sockets that may read into slabs of their own at once. */
const MAX_OWNERS = 64
let owners = 0

/** Dials. */
export function connectSlabs(options: NetConnectOpts & SocketConstructorOpts): Socket {
  // Node takes these from the options of a socket's making, not from those of `connect`.
  const { allowHalfOpen, noDelay, keepAlive, keepAliveInitialDelay } = options
  const socket = new SlabSocket({ allowHalfOpen, noDelay, keepAlive, keepAliveInitialDelay } as SocketConstructorOpts)
  return socket.connect(options)
}

/**
 * From now on what the socket reads may be lent: who gets it gives it back, or leaves it to the garbage collector.
 * @param most bytes that are read at once, at most a slab
 */
export function lendReads(socket: Socket, most = SLAB_BYTES): void {
  if (socket instanceof SlabSocket) socket.lends = most
}

/**
 * Gives what the socket reads to `onBytes` as its `data` event does, but past the stream's own buffer where that can be had: a read costs half as much.
 * `pause` holds it as usual. Undefined: the event tells again.
 */
export function readDirectly(socket: Socket, onBytes: ((bytes: Buffer) => void) | undefined): void {
  // What waits in the buffer comes by the event still, and before anything that is read later.
  if (onBytes !== undefined) socket.on('data', onBytes)
  if (socket instanceof SlabSocket) socket.direct = onBytes
}

/**
 * Writes as `write` does, but past the stream's own queue while nothing waits in it, where that can be had: a small write costs half as much.
 * @param bytes are the caller's again once `unsentBytes` is 0
 * @returns false: more is better kept until `drain`
 */
export function writeDirectly(socket: Socket, bytes: Uint8Array): boolean {
  return socket instanceof SlabSocket ? socket.writeDirectly(bytes) : socket.write(bytes)
}

/** Of what was written, what the kernel has not taken yet. */
export function unsentBytes(socket: Socket): number {
  return socket.writableLength + (socket instanceof SlabSocket ? socket.unsent : 0)
}

export class SlabSocket extends Socket {
  /** How much it lends at most. */
  lends = 0
  direct: ((bytes: Buffer) => void) | undefined
  /** Bytes that were written directly and that the kernel has not taken yet. */
  unsent = 0
  /** Undefined: the shared one. */
  #own: Buffer | undefined
  #isLate = false
  readonly #sent = (error?: Error | null): void => {
    const wasLate = this.#isLate
    // Before anybody hears of it: who does writes again, and must not be told of that within his own write.
    this.unsent = 0
    this.#isLate = false
    if (error) this.destroy(error)
    // Who has written to the queue meanwhile hears from that.
    else if (wasLate && !this.writableNeedDrain) this.emit('drain')
  }

  constructor(options: SocketConstructorOpts) {
    // Node asks for memory before there is a `this`.
    const made: { socket?: SlabSocket } = {}
    const onread = {
      buffer: () => made.socket?.memory() ?? SHARED,
      callback: (count: number) => made.socket?.hasRead(count) ?? true,
    }
    super({ ...options, onread })
    made.socket = this
  }

  memory(): Buffer {
    return this.#own ?? SHARED
  }

  /** @returns false to be read no more for now */
  hasRead(count: number): boolean {
    const bytes = this.#take(count)
    if (this.direct === undefined || this.readableLength > 0) return this.push(bytes)
    this.direct(bytes)
    return true
  }

  writeDirectly(bytes: Uint8Array): boolean {
    if (this.unsent > 0 || this.writableLength > 0 || this.writableCorked > 0 || this.connecting || !this.writable)
      return this.write(bytes)
    this.unsent = bytes.length
    // Whatever is written next comes behind it: the kernel's side of a socket has a queue of its own.
    this._write(bytes, 'buffer' as BufferEncoding, this.#sent)
    this.#isLate = this.unsent > 0
    return !this.#isLate
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#disown()
    super._destroy(error, done)
  }

  #take(count: number): Buffer {
    if (this.lends > 0 && count >= LENT_BYTES) return this.#lend(count)
    const bytes = Buffer.from(this.memory().subarray(0, count))
    this.#disown()
    return bytes
  }

  #lend(count: number): Buffer {
    const own = this.#own
    if (own === undefined) return this.#begin(count)
    const bytes = lend(own, count)
    if (own.length - count >= LEFT_BYTES) {
      this.#own = own.subarray(count)
      return bytes
    }
    closeSlab(own)
    this.#own = takeSlab().subarray(0, this.lends)
    return bytes
  }

  /** Much has come to the shared memory: from now on it comes to a slab of its own. */
  #begin(count: number): Buffer {
    const slab = takeSlab()
    SHARED.copy(slab, 0, 0, count)
    const bytes = lend(slab, count)
    closeSlab(slab)
    if (owners < MAX_OWNERS) {
      owners++
      this.#own = takeSlab().subarray(0, this.lends)
    }
    return bytes
  }

  #disown(): void {
    if (this.#own === undefined) return
    owners--
    closeSlab(this.#own)
    this.#own = undefined
  }
}
