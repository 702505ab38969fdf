/** What agents said, told by pods and workloads instead of uids and addresses. */
import type { Beside } from '../../wire/messages/control.ts'
import { type Evidence, type Judgement, judge } from './judge.ts'
import { callerOf, type PodView } from './pods.ts'
import type { Sightings } from './sightings.ts'

export interface EvidenceOptions {
  sightings: Sightings
  pods: PodView[]
  /** By pod name, of those that are watched. */
  workloadOf: ReadonlyMap<string, string>
  /** What agents had said, by pod uid, when the request was sent. */
  before: ReadonlyMap<string, Beside>
  /** Why TLS to a workload is not looked into. */
  whyClosed(workload: string): string
  sentAt: number
  named: string[]
}

/** Where the mark went, with notes on what could not be seen. */
export function conclude(options: EvidenceOptions): Judgement {
  const judged = judge(evidenceOf(options))
  const closed = new Set(judged.blind.flatMap(({ to, why }) => (why === 'tls' ? [to] : [])))
  return { ...judged, notes: [...judged.notes, ...[...closed].map(options.whyClosed), ...unseen(options)] }
}

function evidenceOf({ sightings, pods, workloadOf, before, sentAt, named }: EvidenceOptions): Evidence {
  const watched = pods.flatMap(({ uid, name, addresses }) => {
    const workload = workloadOf.get(name)
    return workload === undefined ? [] : [{ uid, pod: name, workload, addresses }]
  })
  const byUid = new Map(watched.map((one) => [one.uid, one]))
  const uidOf = new Map(watched.map(({ pod, uid }) => [pod, uid]))
  return {
    sightings: sightings.heard.flatMap(({ podUid, seen, heardAt }) => {
      const at = byUid.get(podUid)
      return at === undefined ? [] : [{ at, seen, heardAt }]
    }),
    sentAt,
    named,
    watched,
    old: (pod) => sightings.old(uidOf.get(pod) ?? ''),
    closed(pod) {
      const uid = uidOf.get(pod) ?? ''
      const { closed = [], closedOthers = 0 } = sightings.beside.get(uid) ?? {}
      return { from: new Set(closed), others: closedOthers > (before.get(uid)?.closedOthers ?? 0) }
    },
    hadOthers(pod) {
      const uid = uidOf.get(pod) ?? ''
      const beside = sightings.beside.get(uid)
      // What came on older connections was not counted.
      if (beside === undefined || sightings.old(uid).size > 0 || beside.oldOthers > 0) return undefined
      return beside.others > (before.get(uid)?.others ?? 0)
    },
    caller: (ip) => callerOf(ip, pods, workloadOf),
  }
}

function unseen({ sightings, pods, workloadOf }: EvidenceOptions): string[] {
  const nameOf = new Map(pods.map(({ uid, name }) => [uid, workloadOf.get(name) ?? name]))
  return [...sightings.beside].flatMap(([uid, { unread, untold }]) => {
    const notes: string[] = []
    const name = nameOf.get(uid)
    if (unread > 0)
      notes.push(
        `${name} had ${unread} ${unread === 1 ? 'connection' : 'connections'} that could not be read: marks in ${unread === 1 ? 'it' : 'them'} are not seen`,
      )
    if (untold > 0) notes.push(`${name} had ${untold} requests more than a watch tells of`)
    return notes
  })
}
