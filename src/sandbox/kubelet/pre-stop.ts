/** What a container wants done before it is told to end. */
import { setTimeout as pause } from 'node:timers/promises'
import { ask, type Probe, type ProbeTarget } from './probes.ts'

export interface PreStop extends Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket'> {
  sleep?: { seconds: number }
}

/** Resolves when it is done or `graceSeconds` are over, with why it failed. */
export async function runPreStop(
  { sleep, ...handler }: PreStop,
  target: ProbeTarget,
  graceSeconds: number,
): Promise<string | undefined> {
  if (sleep === undefined) return await ask({ ...handler, timeoutSeconds: graceSeconds }, target)
  await pause(Math.min(sleep.seconds, graceSeconds) * 1000)
  return undefined
}
