/** A test's view of one end of a link or flow: what came, and promises for what is awaited. */
import type { FlowHandlers, FlowReset } from '../../src/wire/mux/contract.ts'

export interface Collected extends FlowHandlers {
  readonly bytes: () => Buffer
  /** Resolves when at least `count` bytes have come. */
  received(count: number): Promise<Buffer>
  readonly ended: Promise<void>
  readonly drained: () => Promise<void>
  readonly closed: Promise<FlowReset | Error | undefined>
}

export function collect(): Collected & { onClose(reason?: FlowReset | Error): void } {
  const pieces: Buffer[] = []
  let total = 0
  const waits: { count: number; resolve: (bytes: Buffer) => void }[] = []
  const ended = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<FlowReset | Error | undefined>()
  let drained = Promise.withResolvers<void>()
  return {
    bytes: () => Buffer.concat(pieces),
    received(count) {
      if (total >= count) return Promise.resolve(Buffer.concat(pieces))
      return new Promise((resolve) => waits.push({ count, resolve }))
    },
    ended: ended.promise,
    closed: closed.promise,
    drained: () => drained.promise,
    onData(bytes) {
      pieces.push(bytes)
      total += bytes.length
      for (const wait of waits.splice(0)) {
        if (total >= wait.count) wait.resolve(Buffer.concat(pieces))
        else waits.push(wait)
      }
    },
    onEnd: () => ended.resolve(),
    onDrain() {
      drained.resolve()
      drained = Promise.withResolvers<void>()
    },
    onClose: (reason) => closed.resolve(reason),
  }
}
