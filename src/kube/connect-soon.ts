/**
 * A TCP connection over a network that may come back at any moment. TCP itself asks again only after 1 s, then after ever longer
 * times; here another connection is begun beside the first, and the one that is answered first is taken.
 */
import { connect, isIP, type Socket } from 'node:net'
import { type Clock, systemClock, type Timer } from '../lib/clock.ts'

/** A far end that is further away is asked more than once, which does no harm. */
const AGAIN_MS = 500
/** Each is given up after so many others: an answer may take 2 s. */
const MAX_ASKED = 4
const LIMIT_MS = 10_000

export interface ConnectSoonOptions {
  host: string
  port: number
  clock?: Clock
}

/** Rejects with what the kernel says of any of them, and with ETIMEDOUT after 10 s of silence. */
export function connectSoon({ host, port, clock = systemClock }: ConnectSoonOptions): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const asked = new Set<Socket>()
  const timers: Timer[] = []
  /** One look-up of a name at a time: they cannot be stopped. */
  let resolving = false

  const settle = (chosen?: Socket): void => {
    for (const timer of timers) timer.cancel()
    for (const socket of asked) if (socket !== chosen) socket.destroy()
  }
  const ask = (): void => {
    if (resolving) return
    resolving = isIP(host) === 0
    const socket = connect({ host, port, noDelay: true })
    asked.add(socket)
    socket.once('lookup', () => {
      resolving = false
    })
    const fail = (error: Error): void => {
      if (!asked.has(socket)) return
      settle()
      reject(error)
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      if (!asked.has(socket)) return
      socket.off('error', fail)
      settle(socket)
      resolve(socket)
    })
    const [first] = asked
    if (asked.size > MAX_ASKED && first !== undefined) {
      asked.delete(first)
      first.destroy()
    }
  }
  const late = (): void => {
    settle()
    reject(Object.assign(new Error(`${host}:${port} did not answer`), { code: 'ETIMEDOUT' }))
  }
  timers.push(clock.every(AGAIN_MS, ask), clock.after(LIMIT_MS, late))
  ask()
  return promise
}
