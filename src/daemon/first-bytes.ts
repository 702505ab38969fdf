/**
 * What a program says on a connection before it is known whether there is one: it is sent with the opening, which saves a round trip, and kept, since a
 * connection that turns out not to be the cluster's begins anew from the laptop.
 */
import type { Socket } from 'node:net'

/** More waits in the kernel for the answer. */
const MAX_BYTES = 64 * 1024

export class FirstBytes {
  readonly #socket: Socket
  #kept: Buffer[] = []
  #keptBytes = 0
  #send: ((bytes: Buffer) => void) | undefined
  #sent = false

  /** Reads from `socket` until `stop`. */
  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#take)
    socket.resume()
  }

  /** Some were sent: whoever was asked may have them. */
  get sent(): boolean {
    return this.#sent
  }

  /** Sends all that was said, and what is said until `stop`. */
  sendBy(send: (bytes: Buffer) => void): void {
    this.#send = send
    for (const bytes of this.#kept) this.#pass(bytes)
  }

  /** Nobody takes them for now. */
  hold(): void {
    this.#send = undefined
  }

  /** Reads no more. @returns all that was read */
  stop(): Buffer[] {
    this.#socket.off('data', this.#take)
    this.#socket.pause()
    this.hold()
    return this.#kept
  }

  readonly #take = (bytes: Buffer): void => {
    this.#kept.push(bytes)
    this.#keptBytes += bytes.length
    this.#pass(bytes)
    if (this.#keptBytes >= MAX_BYTES) this.#socket.pause()
  }

  #pass(bytes: Buffer): void {
    if (this.#send === undefined) return
    this.#sent = true
    this.#send(bytes)
  }
}
