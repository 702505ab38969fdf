/** The end of a listening socket that loses nobody. */
import type { Server } from 'node:net'

/** As many as wait in the kernel at most. */
const MAX_TURNS = 4096

/**
 * Closes a server when it has taken what the kernel has accepted for it: that would be reset. A process that was held up has heard of none of it yet, its
 * timers come before its connections, and of those it takes one in each turn.
 */
export async function closeTaken(server: Server): Promise<void> {
  let last = 0
  const taking = (): void => {
    last = turn
  }
  let turn = 0
  server.on('connection', taking)
  // Two in which none came: the first of them may have begun behind this turn's connections.
  for (; turn - last < 2 && turn < MAX_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
  server.off('connection', taking)
  server.close()
}
