/**
 * Packs what is sent in one turn of the event loop into few messages. The node copies and passes on each message on its own, so many small ones cost it
 * more than what is in them. The room of large messages is used again: to get new room for each costs a third of all sending.
 */

/** Longest message without its first byte. */
const MESSAGE_BYTES = 128 * 1024
/** Shorter messages are copied out of their room, so that many of them under way hold no more than they are. */
const SMALL_BYTES = 32 * 1024

export class MessagePacker {
  readonly #channel: number
  readonly #ship: (message: Buffer, sent: (isIdle: boolean) => void) => void
  /** The message that is being filled. */
  #room: Buffer | undefined
  #end = 1
  #scheduled = false
  #rooms: Buffer[] = []

  /**
   * @param channel first byte of each message
   * @param ship sends a message and calls `sent` when its bytes are needed no more; `isIdle`: nothing else is under way
   */
  constructor(channel: number, ship: (message: Buffer, sent: (isIdle: boolean) => void) => void) {
    this.#channel = channel
    this.#ship = ship
  }

  /** Bytes that `flush` would send. */
  get waitingBytes(): number {
    return this.#end - 1
  }

  put(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      this.#room ??= this.#rooms.pop() ?? Buffer.allocUnsafeSlow(1 + MESSAGE_BYTES)
      const part = bytes.subarray(from, from + this.#room.length - this.#end)
      this.#room.set(part, this.#end)
      this.#end += part.length
      from += part.length
      if (this.#end === this.#room.length) this.flush()
    }
    if (this.waitingBytes === 0 || this.#scheduled) return
    this.#scheduled = true
    process.nextTick(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  /** Sends what waits. */
  flush(): void {
    const room = this.#room
    if (room === undefined || this.waitingBytes === 0) return
    room[0] = this.#channel
    const message = room.subarray(0, this.#end)
    this.#end = 1
    if (message.length <= SMALL_BYTES) {
      this.#ship(Buffer.from(message), () => {})
      return
    }
    this.#room = undefined
    this.#ship(message, (isIdle) => {
      // Who has sent everything needs little room for what comes next.
      if (isIdle) this.#rooms = []
      this.#rooms.push(room)
    })
  }
}
