/** A client that goes while nobody reads from it. */
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../lib/clock.ts'
import { isReset } from '../../lib/is-reset.ts'

const LOOK_MS = 1000

/** Looks each second at a client that is paused: one that was reset is destroyed, as it is at once while it is read. Ends with the client. */
export function watchPaused(client: Socket, clock: Clock): void {
  let timer: Timer | undefined
  const look = (): void => {
    timer = undefined
    if (client.destroyed || !client.isPaused()) return
    if (isReset(client)) client.destroy()
    else wait()
  }
  const wait = (): void => {
    timer ??= clock.after(LOOK_MS, look)
  }
  client.on('pause', wait)
  client.once('close', () => timer?.cancel())
  if (client.isPaused()) wait()
}
