/** How far a rolling update may go now: pure numbers. */

export interface RolloutNow {
  wanted: number
  strategy: { type?: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } }
  /** The ReplicaSet of the template: pods it asks for. */
  current: { replicas: number }
  /** The others, newest first: pods they ask for, and how many of those are ready. */
  old: { replicas: number; ready: number }[]
  /** Ready pods of all. */
  ready: number
  /** Pods of old sets that have not ended yet. */
  oldPods: number
}

export interface RolloutNext {
  current: number
  old: number[]
}

export function nextScale({ wanted, strategy, current, old, ready, oldPods }: RolloutNow): RolloutNext {
  if (strategy.type === 'Recreate') {
    const zero = old.map(() => 0)
    return { current: oldPods > 0 ? current.replicas : wanted, old: zero }
  }
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy.rollingUpdate ?? {}
  const surge = part(maxSurge, wanted, Math.ceil)
  const missing = part(maxUnavailable, wanted, Math.floor)
  // Both zero could never move (apps/v1 refuses it in words, percentages may still round to it).
  const unavailable = surge === 0 && missing === 0 ? 1 : missing
  const asked = current.replicas + old.reduce((sum, one) => sum + one.replicas, 0)
  const room = Math.max(0, wanted + surge - asked)
  const next = current.replicas >= wanted ? wanted : Math.min(wanted, current.replicas + room)
  // Pods that are not ready serve nobody: they go before those that are.
  let spare = Math.max(0, ready - (wanted - unavailable))
  const scaled = old.map(({ replicas, ready: serving }) => {
    const idle = Math.max(0, replicas - serving)
    const taken = Math.min(replicas - idle, spare)
    spare -= taken
    return replicas - idle - taken
  })
  return { current: next, old: scaled }
}

/** A number, or a share of `whole`. */
function part(value: number | string, whole: number, round: (share: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseInt(value, 10) / 100) * whole)
}
