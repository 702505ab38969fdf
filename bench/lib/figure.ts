/** One measured figure beside its peer, as `npm run bench` prints it. */

export interface Figure {
  name: string
  /** Median of at least five runs; null when it could not be measured, `goal` then says why. */
  value: number | null
  unit: string
  /** What it is compared with, measured in the same run; empty when there is nothing like it. */
  peer: string
  peerValue: number | null
  /** value / peerValue. */
  ratio: number | null
  /** The goal as a sentence. */
  goal: string
  ok: boolean
}

/** How a bench is run. */
export interface MeasureOptions {
  /** On the cluster of KUBECONFIG instead of a sandbox. */
  cluster: boolean
  /** Where a bench can be run in part: what the names of settings must contain. */
  only: string
}

export interface FigureInput {
  name: string
  values: number[]
  unit: string
  peer?: { name: string; values: number[] }
  goal: string
  holds: (value: number, ratio: number | null) => boolean
}

/** Medians of what was measured, judged by the goal. */
export function figure({ name, values, unit, peer, goal, holds }: FigureInput): Figure {
  const value = median(values)
  const peerValue = peer ? median(peer.values) : null
  const ratio = peerValue === null ? null : value / peerValue
  return { name, value, unit, peer: peer?.name ?? '', peerValue, ratio, goal, ok: holds(value, ratio) }
}

/** A row for what could not be measured here. */
export function notMeasured(name: string, peer: string, why: string): Figure {
  return { name, value: null, unit: '', peer, peerValue: null, ratio: null, goal: `not measured: ${why}`, ok: true }
}

/** The median; the lower one of two in the middle. */
export function median(values: number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  if (middle === undefined) throw new RangeError('the median of nothing')
  return middle
}
