/** Joins two flows: what comes on one goes out on the other. */
import type { Flow } from '../mux/contract.ts'

/** @returns resolves when both are over */
export function splice(left: Flow, right: Flow): Promise<void> {
  return Promise.all([pour(left, right), pour(right, left)]).then(() => undefined)
}

function pour(from: Flow, into: Flow): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  from.bind({
    onData(bytes) {
      if (!into.send(bytes)) from.pause()
    },
    onEnd: () => into.end(),
    // `from` has room again: what was held back on the other side may come.
    onDrain: () => into.resume(),
    onClose(reason) {
      if (reason !== undefined) into.reset(reason.code, reason.message)
      resolve()
    },
  })
  return promise
}
