import { fault } from '../../diagnose/catalogue.ts'
import type { Clock } from '../../lib/clock.ts'
import type { VerifyRequest, VerifyResult } from '../../lib/daemon-api.ts'
import { readServices, readWorkloads } from '../catalog.ts'
import type { Cluster } from '../cluster.ts'
import { ask } from '../verify/ask.ts'
import { choose } from '../verify/choose.ts'
import { judge } from '../verify/judge.ts'
import { markedHeaders } from '../verify/marked.ts'
import { callerOf, podsLike, readPods } from '../verify/pods.ts'
import { Sightings } from '../verify/sightings.ts'
import { Watchers } from '../verify/watchers.ts'
import { shortName } from '../workload.ts'
import type { CallContext, Holding, Teller } from './context.ts'
import { join } from './join.ts'
import { knowNamespace } from './know-namespace.ts'

/** An answer is waited for so long. */
const ANSWER_MS = 30_000
/** What a service does behind its answer, and what agents say once a second. */
const SETTLE_MS = 1300
/** Clients that keep connections for later give those up that they have not used for 4 or 5 s. */
const OLD_MS = 7000
const LOOK_MS = 100
/** As many addresses as an Intercept may name. */
const MOST_ADDRESSES = 1024

/** Sends a marked request through a chain of services, and says where its mark went. Everything is taken away again before the result is there. */
export async function verify(
  context: CallContext,
  request: VerifyRequest,
  signal: AbortSignal,
  tell: Teller,
): Promise<Holding<VerifyResult>> {
  const startedAt = performance.now()
  const { cluster } = await join(context.clusters, request.target, signal)
  const { client, clock } = cluster
  const namespace = request.namespace || cluster.namespace
  const [workloads, services, pods] = await Promise.all([
    readWorkloads(client, namespace),
    readServices(client, namespace),
    readPods(client, namespace, signal),
    knowNamespace(cluster, namespace),
  ])
  const { chosen, left } = choose(request.through, namespace, workloads, services)
  const { mark, trace, headers } = markedHeaders(request.headers)
  const from = new Set(chosen.flatMap(({ workload }) => podsLike(workload, pods)).flatMap(({ addresses }) => addresses))
  if (from.size > MOST_ADDRESSES) {
    const sentence = `The workloads that would be watched have pods of ${from.size} addresses, and at most ${MOST_ADDRESSES} are watched at a time. Nothing was changed.`
    throw fault('RC-I-214', sentence, ['name those of the chain: --through deploy/a,deploy/b'])
  }
  const sightings = new Sightings(clock)
  const watchers = new Watchers({
    cluster,
    taker: sightings,
    watch: { mark, trace, from: [...from] },
    onWaiting: (text) => tell.step(text),
  })
  try {
    const refused = await watchers.start(chosen, request.through.length > 0, signal)
    await untilFresh(watchers, sightings, clock, signal, tell)
    const before = new Map([...sightings.beside].map(([uid, { others }]) => [uid, others]))
    sightings.begin()
    const asked = await send(cluster, { ...request, namespace, headers }, AbortSignal.any([signal, watchers.lost]))
    await pause(clock, SETTLE_MS, AbortSignal.any([signal, watchers.lost]))
    const byUid = new Map(pods.map((pod) => [pod.uid, pod]))
    const workloadOf = watchers.workloadOf
    const uidOf = new Map(pods.map(({ name, uid }) => [name, uid]))
    const judged = judge({
      sightings: sightings.heard.flatMap(({ podUid, seen, heardAt }) => {
        const pod = byUid.get(podUid)
        const workload = workloadOf.get(pod?.name ?? '')
        if (pod === undefined || workload === undefined) return []
        return [{ at: { pod: pod.name, workload, addresses: pod.addresses }, seen, heardAt }]
      }),
      sentAt: asked.sentAt,
      named: request.through.length > 0 ? chosen.map(({ workload }) => shortName(workload)) : [],
      hadOthers(pod) {
        const uid = uidOf.get(pod) ?? ''
        const beside = sightings.beside.get(uid)
        if (beside === undefined || sightings.old(uid).size > 0 || beside.oldOthers > 0) return undefined
        return beside.others > (before.get(uid) ?? 0)
      },
      old: (pod) => sightings.old(uidOf.get(pod) ?? ''),
      watched: pods.flatMap(({ name, addresses }) => {
        const workload = workloadOf.get(name)
        return workload === undefined ? [] : [{ pod: name, workload, addresses }]
      }),
      caller: (ip) => callerOf(ip, pods, workloadOf),
    })
    const { interrupted } = watchers
    if (judged.verdict !== 'arrived' && interrupted.length > 0) {
      const sentence = `Cannot tell where the mark went: the connection to the agents of ${interrupted.join(', ')} broke meanwhile. Nothing was changed.`
      throw fault('RC-I-213', sentence, ['try again'])
    }
    const result: VerifyResult = {
      url: request.url,
      method: request.method,
      mark,
      ...('status' in asked ? { status: asked.status } : { unanswered: asked.unanswered }),
      ...judged,
      notes: [...judged.notes, ...notesOf(sightings, (uid) => workloadOf.get(byUid.get(uid)?.name ?? ''))],
      watched: watchers.watched,
      unwatched: [...left, ...refused],
      tookMs: 0,
    }
    await watchers.end()
    result.tookMs = performance.now() - startedAt
    return { result, lost: new Promise(() => {}), end: async () => {} }
  } finally {
    await watchers.end()
  }
}

/** Waits until agents have looked around, and a while for connections that are older than the watches: those that nobody uses end. */
async function untilFresh(
  { workloadOf }: Watchers,
  { beside }: Sightings,
  clock: Clock,
  signal: AbortSignal,
  tell: Teller,
): Promise<void> {
  const startedAt = clock.now()
  for (let told = false; clock.now() - startedAt < OLD_MS; ) {
    const all = [...beside.values()]
    const haveOld = all.some(({ old }) => old.length > 0)
    if (all.length >= workloadOf.size && !haveOld) return
    if (haveOld && !told) tell.step('waiting for connections between these services that are older than the watch')
    told ||= haveOld
    await pause(clock, LOOK_MS, signal)
  }
}

/** Rejects with the signal's reason. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.after(ms, resolve)
  signal.addEventListener('abort', () => resolve())
  await promise
  timer.cancel()
  signal.throwIfAborted()
}

type Asked = { sentAt: number } & ({ status: number } | { unanswered: string })

/** Rejects with RC-I-213 when the request could not be sent. */
async function send(
  { clock, dialer }: Cluster,
  { url, method, headers, namespace, insecure }: VerifyRequest,
  signal: AbortSignal,
): Promise<Asked> {
  const late = new AbortController()
  const timer = clock.after(ANSWER_MS, () => late.abort(new Error(`no answer within ${ANSWER_MS / 1000} s`)))
  let sentAt: number | undefined
  try {
    const status = await ask({
      url: new URL(url),
      method,
      headers,
      namespace,
      insecure,
      dial: (host, port) => dialer.dial(host, port),
      signal: AbortSignal.any([signal, late.signal]),
      onSent() {
        sentAt = clock.now()
      },
    })
    return { sentAt: sentAt ?? clock.now(), status }
  } catch (error) {
    signal.throwIfAborted()
    const why = late.signal.aborted ? (late.signal.reason as Error).message : (error as Error).message
    if (sentAt !== undefined) return { sentAt, unanswered: why }
    throw fault('RC-I-213', `Cannot ask ${url} from inside the cluster: ${why}. Nothing was changed.`, [
      `remocal run -n ${namespace} -- curl ${url}`,
    ])
  } finally {
    timer.cancel()
  }
}

/** What was not seen. */
function notesOf({ beside }: Sightings, workloadOf: (podUid: string) => string | undefined): string[] {
  return [...beside].flatMap(([uid, { unread, untold }]) => {
    const workload = workloadOf(uid) ?? ''
    return [
      ...(unread > 0
        ? [`${workload} had ${unread} connections that could not be read, such as TLS: marks in them are not seen`]
        : []),
      ...(untold > 0 ? [`${workload} had ${untold} requests more than a watch tells of`] : []),
    ]
  })
}
