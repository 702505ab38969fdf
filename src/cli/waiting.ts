/** What a command that has said nothing for a while waits for. */
import type { StatusResult } from '../lib/daemon-api.ts'

/** So long nobody wonders. */
export const WONDER_MS = 2500

/** Calls that let requests under way end before they take anything away. */
const ENDING = new Set(['/v1/leave', '/v1/settle', '/v1/quit'])

/**
 * One line.
 * @param path of the call that is not answered
 * @param status of the clusters that the call may be about; undefined: no daemon says it
 */
export function waitingText(path: string, status: StatusResult | undefined): string {
  if (status === undefined) return 'waiting for the daemon'
  const [cluster, ...others] = status.clusters
  const away = status.clusters.find(({ state }) => state !== 'connected')
  if (away !== undefined) {
    const why = away.message === undefined ? '' : `: ${away.message}`
    return `waiting for ${away.context}, to which there is no connection${why}`
  }
  const where = cluster === undefined || others.length > 0 ? 'the cluster' : cluster.context
  if (ENDING.has(path)) return `waiting for requests under way to end, and for ${where} to answer`
  return `waiting for ${where} to answer`
}

/** Calls `onWonder` once when `end` is not called in time. */
export function wonder(onWonder: () => Promise<void>): { end(): void } {
  const timer = setTimeout(() => void onWonder().catch(() => {}), WONDER_MS)
  return { end: () => clearTimeout(timer) }
}
