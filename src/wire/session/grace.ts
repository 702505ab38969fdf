/** How long sessions wait for their next link. */

/** Of a laptop that says nothing else: a train's tunnel, a changed network, a manager that is moved. */
export const GRACE_MS = 60_000
/** The most that agents and dialers grant. */
export const MAX_GRACE_MS = 10 * 60_000
