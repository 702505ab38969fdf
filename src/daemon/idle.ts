/** The end of a daemon that nobody needs: the command that started it has failed, or its last cluster was left. */
import type { Server } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'

const LOOK_MS = 3000

export interface IdleOptions {
  clock: Clock
  /** Whoever asks for anything has a connection for as long as that lasts. */
  server: Server
  /** Whether anything is to be kept though nobody asks. */
  isNeeded(): boolean
  onIdle(): void
}

/** Calls `onIdle` once, when nothing was asked and nothing was needed for 3 to 6 s. */
export function whenIdle({ clock, server, isNeeded, onIdle }: IdleOptions): void {
  let open = 0
  let wasIdle = false
  server.on('connection', (socket) => {
    open++
    wasIdle = false
    socket.once('close', () => open--)
  })
  const looking = clock.every(LOOK_MS, () => {
    const isIdle = open === 0 && !isNeeded()
    if (isIdle && wasIdle) {
      looking.cancel()
      onIdle()
    }
    wasIdle = isIdle
  })
}

/**
 * Closes a server that nobody can find any more (its socket is removed): those who had just found it are still answered.
 * @param limitMs so long they are waited for
 */
export async function closeAnswered(server: Server, limitMs: number, clock: Clock): Promise<void> {
  // One turn of the event loop accepts all who wait.
  await turn()
  await turn()
  const closed = Promise.withResolvers<void>()
  const timer = clock.after(limitMs, closed.resolve)
  server.close(() => closed.resolve())
  await closed.promise
  timer.cancel()
}
