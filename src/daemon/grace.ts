/** How long this laptop's sessions wait for their next link. */
import { fault } from '../diagnose/catalogue.ts'
import { GRACE_MS, MAX_GRACE_MS } from '../wire/session/grace.ts'

/** What `REMOCAL_GRACE_SECONDS` says, in ms; without it, or when it is empty, the default. Throws RC-U-104. */
export function graceOf({ REMOCAL_GRACE_SECONDS: text = '' }: NodeJS.ProcessEnv): number {
  if (text === '') return GRACE_MS
  const ms = Number(text) * 1000
  if (/^\d+(\.\d+)?$/.test(text) && ms >= 1000 && ms <= MAX_GRACE_MS) return ms
  throw fault(
    'RC-U-104',
    `Cannot start the daemon: REMOCAL_GRACE_SECONDS is "${text}", and a number of seconds from 1 to ${MAX_GRACE_MS / 1000} can be.`,
    ['unset REMOCAL_GRACE_SECONDS'],
  )
}
