/** How long sessions wait for their next link. */

/** Of a laptop that says nothing else: a train's tunnel, a changed network, a manager that is moved. */
export const GRACE_MS = 60_000
/** The most that agents and dialers grant. */
export const MAX_GRACE_MS = 10 * 60_000

/** What a laptop asks for: `REMOCAL_GRACE_SECONDS`, else the default. Anything that is no number is the default too. */
export function graceOf({ REMOCAL_GRACE_SECONDS: seconds }: NodeJS.ProcessEnv): number {
  const ms = Number(seconds) * 1000
  return seconds !== undefined && ms >= 1000 ? Math.min(ms, MAX_GRACE_MS) : GRACE_MS
}
