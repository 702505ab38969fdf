import { fault } from '../../diagnose/catalogue.ts'
import type { Clock } from '../../lib/clock.ts'
import type { VerifyRequest, VerifyResult } from '../../lib/daemon-api.ts'
import { readServices, readWorkloads } from '../catalog.ts'
import { choose } from '../verify/choose.ts'
import { conclude } from '../verify/evidence.ts'
import { markedHeaders } from '../verify/marked.ts'
import { podsLike, readPods } from '../verify/pods.ts'
import { type Asking, checkReach, send } from '../verify/send.ts'
import { Sightings } from '../verify/sightings.ts'
import { Watchers } from '../verify/watchers.ts'
import { shortName } from '../workload.ts'
import type { CallContext, Holding, Teller } from './context.ts'
import { join } from './join.ts'
import { knowNamespace } from './know-namespace.ts'

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
  const { url, method, through, insecure } = request
  const { cluster } = await join(context.clusters, request.target, signal)
  const { client, clock, dialer } = cluster
  const namespace = request.namespace || cluster.namespace
  const [workloads, services, pods] = await Promise.all([
    readWorkloads(client, namespace),
    readServices(client, namespace),
    readPods(client, namespace, signal),
    knowNamespace(cluster, namespace),
  ])
  const { chosen, left } = choose(through, namespace, workloads, services)
  const from = new Set(chosen.flatMap(({ workload }) => podsLike(workload, pods)).flatMap(({ addresses }) => addresses))
  if (from.size > MOST_ADDRESSES) throw tooManyPods(from.size)
  const { mark, trace, headers } = markedHeaders(request.headers)
  const dial: Asking['dial'] = (host, port) => dialer.dial(host, port)
  const asking = { url: new URL(url), method, headers, namespace, insecure, dial }
  await checkReach(asking, signal)

  const sightings = new Sightings(clock)
  const watchers = new Watchers({
    cluster,
    taker: sightings,
    watch: { mark, trace, from: [...from] },
    onWaiting: (text) => tell.step(text),
  })
  try {
    const refused = await watchers.start(chosen, through.length > 0, signal)
    const given = AbortSignal.any([signal, watchers.lost])
    await untilFresh(watchers, sightings, clock, given, tell)
    const before = new Map(sightings.beside)
    sightings.begin()
    const { sentAt, ...answer } = await send(asking, clock, given)
    await pause(clock, SETTLE_MS, given)
    const { workloadOf, watched, interrupted } = watchers
    const named = through.length > 0 ? chosen.map(({ workload }) => shortName(workload)) : []
    const whyClosed = (workload: string): string => watchers.whyClosed(workload)
    const judged = conclude({ sightings, pods, workloadOf, before, whyClosed, sentAt, named })
    if (judged.verdict !== 'arrived' && interrupted.length > 0) throw brokenOff(interrupted)
    await watchers.end()
    const tookMs = performance.now() - startedAt
    const result: VerifyResult = {
      url,
      method,
      mark,
      ...answer,
      ...judged,
      watched,
      unwatched: [...left, ...refused],
      tookMs,
    }
    return { result, lost: new Promise(() => {}), end: async () => {} }
  } finally {
    await watchers.end()
  }
}

function tooManyPods(count: number): Error {
  return fault(
    'RC-I-214',
    `The workloads that would be watched have pods of ${count} addresses, and at most ${MOST_ADDRESSES} are watched at a time. Nothing was changed.`,
    ['name those of the chain: --through deploy/a,deploy/b'],
  )
}

function brokenOff(workloads: string[]): Error {
  const sentence = `Cannot tell where the mark went: the connection to the agents of ${workloads.join(', ')} broke meanwhile. Nothing was changed.`
  return fault('RC-I-213', sentence, ['try again'])
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
  const done = (): void => resolve()
  const timer = clock.after(ms, done)
  signal.addEventListener('abort', done)
  if (!signal.aborted) await promise
  timer.cancel()
  signal.removeEventListener('abort', done)
  signal.throwIfAborted()
}
