/** From what agents saw to where a mark went: pure. */
import type { VerifyBlind, VerifyCaller, VerifyDrop, VerifyHop, VerifyResult } from '../../lib/daemon-api.ts'
import type { Seen } from '../../wire/messages/control.ts'

/** A pod of a workload that is watched. */
export interface WatchedPod {
  pod: string
  workload: string
  addresses: string[]
}

export interface Sighting {
  at: WatchedPod
  seen: Seen
  /** When it was heard of, in ms of a clock that never goes back. */
  heardAt: number
}

export interface Evidence {
  /** In the order in which they were heard of. */
  sightings: readonly Sighting[]
  /** When the marked request was sent. */
  sentAt: number
  /** Workloads that the mark must reach. */
  named: readonly string[]
  /** All pods that are watched. */
  watched: readonly WatchedPod[]
  /** Addresses that have connections to a pod which are older than its watch: what they carry is not seen. */
  old(pod: string): ReadonlySet<string>
  /** Addresses of watched pods whose TLS to a pod was not looked into, and whether others spoke such since the marked request was sent. */
  closed(pod: string): { from: ReadonlySet<string>; others: boolean }
  /** Whether a pod had requests meanwhile that were none of ours; undefined when it did not say. */
  hadOthers(pod: string): boolean | undefined
  caller(ip: string): VerifyCaller
}

/** Agents are heard of by ways of their own: what was later may be heard of earlier by so much. */
const SKEW_MS = 250

export type Judgement = Pick<VerifyResult, 'verdict' | 'hops' | 'drops' | 'unreached' | 'blind' | 'notes'>

export function judge(evidence: Evidence): Judgement {
  const hops = chain(evidence)
  const { drops, notes } = dropsOf(evidence, hops)
  const got = new Set([...hops, ...drops].map(({ workload }) => workload))
  const unreached = evidence.named.filter((workload) => !got.has(workload))
  const blind = [...blindOf(evidence, hops), ...blindToOthers(evidence, hops, unreached)]
  const verdict = verdictOf({ hops, drops, unreached, blind }, evidence.named.length > 0)
  return { verdict, hops, drops, unreached, blind, notes }
}

function verdictOf(
  { hops, drops, unreached, blind }: Pick<Judgement, 'hops' | 'drops' | 'unreached' | 'blind'>,
  isNamed: boolean,
): VerifyResult['verdict'] {
  if (drops.length > 0) return 'dropped'
  if (hops.length === 0) return blind.length > 0 ? 'unclear' : 'unseen'
  // Who names the services of the chain says where it ends.
  if (!isNamed) return blind.length > 0 ? 'unclear' : 'arrived'
  if (unreached.length === 0) return 'arrived'
  return unreached.some((workload) => blind.some(({ to }) => to === workload)) ? 'unclear' : 'unreached'
}

/** Services that had the mark, with others that they may have asked without being seen. */
function blindOf({ watched, old, closed, sightings }: Evidence, hops: VerifyHop[]): VerifyBlind[] {
  const had = new Map(watched.filter(({ pod }) => hops.some((hop) => hop.pod === pod)).map((one) => [one.pod, one]))
  const found = new Map<string, VerifyBlind>()
  for (const { workload: by, addresses } of had.values()) {
    for (const { pod, workload: to } of watched) {
      const isAmong = (known: ReadonlySet<string>): boolean => addresses.some((address) => known.has(address))
      const why = isAmong(closed(pod).from) ? 'tls' : 'older'
      if (by === to || (why === 'older' && !isAmong(old(pod)))) continue
      if (sightings.some(({ at, seen }) => at.workload === to && addresses.includes(seen.from))) continue
      found.set(`${by} ${to}`, { by, to, why })
    }
  }
  return [...found.values()]
}

/** Services where the mark should have come, or would have come first, and where others spoke TLS that was not looked into. */
function blindToOthers({ watched, closed }: Evidence, hops: VerifyHop[], unreached: string[]): VerifyBlind[] {
  const missing = watched.filter(({ workload }) => hops.length === 0 || unreached.includes(workload))
  const names = new Set(missing.filter(({ pod }) => closed(pod).others).map(({ workload }) => workload))
  return [...names].map((to) => ({ to, why: 'tls' }))
}

/** Sightings of the mark, each behind the one at the pod that sent it, else in the order in which they were heard of. */
function chain({ sightings, caller }: Evidence): VerifyHop[] {
  const marked = sightings.filter(({ seen }) => seen.marks.length > 0)
  const firstAt = new Map<string, Sighting>()
  for (const sighting of marked) {
    for (const address of sighting.at.addresses) if (!firstAt.has(address)) firstAt.set(address, sighting)
  }
  const sentBy = new Map<Sighting | undefined, Sighting[]>()
  for (const sighting of marked) {
    const sender = firstAt.get(sighting.seen.from)
    // A pod that asks itself, or a ring, begins somewhere.
    const key = sender === sighting ? undefined : sender
    const siblings = sentBy.get(key)
    if (siblings === undefined) sentBy.set(key, [sighting])
    else siblings.push(sighting)
  }
  const hops: VerifyHop[] = []
  const placed = new Set<Sighting>()
  const place = (root: Sighting): void => {
    const waiting: { sighting: Sighting; after?: number }[] = [{ sighting: root }]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { sighting, after } = next
      if (placed.has(sighting)) continue
      placed.add(sighting)
      const { at, seen } = sighting
      const { port, method, path, marks, trace } = seen
      const about = { port, method, path, from: caller(seen.from), marks, trace }
      hops.push({ workload: at.workload, pod: at.pod, ...about, ...(after !== undefined && { after }) })
      const index = hops.length - 1
      for (const child of (sentBy.get(sighting) ?? []).toReversed()) waiting.push({ sighting: child, after: index })
    }
  }
  for (const root of sentBy.get(undefined) ?? []) place(root)
  for (const sighting of marked) place(sighting)
  return hops
}

/** Unmarked requests that come from a service which had the mark, or belong to its trace; the first that dropped it first. */
function dropsOf(evidence: Evidence, hops: VerifyHop[]): { drops: VerifyDrop[]; notes: string[] } {
  const { sightings, caller, hadOthers, sentAt } = evidence
  const unmarked = sightings
    .filter(({ seen, heardAt }) => seen.marks.length === 0 && (seen.trace || heardAt >= sentAt))
    // Of several between the same two the one that proves something.
    .toSorted((a, b) => Number(b.seen.trace) - Number(a.seen.trace))
  const lost = new Set(unmarked.filter(({ seen }) => seen.trace).flatMap(({ at }) => at.addresses))
  const found: { drop: VerifyDrop; place: number }[] = []
  const notes = new Set<string>()
  const told = new Set<string>()
  for (const { at, seen, heardAt } of unmarked) {
    const by = caller(seen.from)
    const hop = hops.findIndex(({ pod }) => pod === by.pod)
    const { pod, workload } = at
    const { method, path, trace } = seen
    // Who got it without the mark could pass none on.
    if (hop < 0 && (!trace || lost.has(seen.from))) continue
    if (!trace && !followed(evidence, by, heardAt)) continue
    if (!trace && hops.some((other) => other.workload === workload && other.from.pod === by.pod)) continue
    const quiet = by.pod !== undefined && hadOthers(by.pod) === false && !wasBusy(evidence, by)
    if (!trace && !quiet && hops.some(({ from }) => from.pod === by.pod)) {
      notes.add(
        `${by.workload} also asked ${workload} without the mark; it passes it on elsewhere and had other requests, so this may be one of theirs`,
      )
      continue
    }
    const key = `${by.workload ?? by.ip} ${workload}`
    if (told.has(key)) continue
    told.add(key)
    found.push({ drop: { by, workload, pod, method, path, sure: trace || quiet }, place: hop < 0 ? hops.length : hop })
  }
  const drops = found.toSorted((a, b) => a.place - b.place).map(({ drop }) => drop)
  return { drops, notes: [...notes] }
}

/** The service had the marked request by then. */
function followed({ sightings }: Evidence, by: VerifyCaller, heardAt: number): boolean {
  return sightings.some((one) => one.at.pod === by.pod && one.seen.marks.length > 0 && one.heardAt <= heardAt + SKEW_MS)
}

/** It sends requests without our asking, or others that are watched ask it too. */
function wasBusy({ sightings, sentAt }: Evidence, by: VerifyCaller): boolean {
  return sightings.some(
    ({ at, seen, heardAt }) =>
      seen.marks.length === 0 && !seen.trace && (heardAt < sentAt ? seen.from === by.ip : at.pod === by.pod),
  )
}
