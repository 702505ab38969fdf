/** Tells when this machine's addresses have changed: another network, a cable, a VPN. */
import { networkInterfaces } from 'node:os'
import type { Clock, Timer } from '../lib/clock.ts'

const LOOK_MS = 1000

/** @param read the addresses of now, as one text @returns stops it */
export function watchNetwork(clock: Clock, onChange: () => void, read: () => string = addresses): Timer {
  let before = read()
  return clock.every(LOOK_MS, () => {
    const now = read()
    if (now === before) return
    before = now
    onChange()
  })
}

/** Loopback is always there. */
function addresses(): string {
  return Object.entries(networkInterfaces())
    .flatMap(([name, all = []]) => all.filter(({ internal }) => !internal).map(({ address }) => `${name} ${address}`))
    .sort()
    .join()
}
