/** Puts Remocal into a cluster, or brings what is there to this version. Run again, it changes only what differs. */
import { fault } from '../../diagnose/catalogue.ts'
import type { Clock } from '../../lib/clock.ts'
import { isConflict, isNotFound } from '../api-fault.ts'
import type { KubeClient } from '../client.ts'
import { GROUP, INSTALLATION, type KubeObject, type Session, VERSION } from '../resources.ts'
import { namespaceObject } from './accounts.ts'
import { type Applied, apply, pathOf, titleOf } from './apply.ts'
import { knows } from './known.ts'
import { installation } from './objects.ts'
import { type Expose, LABELS } from './options.ts'
import { reached } from './reached.ts'
import { type Readiness, readiness } from './readiness.ts'
import { type KeySecret, newSigningKey, publicKeyOf } from './signing-key.ts'
import { waitFor } from './wait.ts'

export type InstallStep =
  | { kind: 'object'; object: string; result: Applied | 'deleted' }
  | { kind: 'skipped'; what: string; reason: string; without: string }
  | { kind: 'waiting'; what: string; reason: string }
  | { kind: 'ready'; what: string }

export interface InstallRequest {
  /** Image of managers, dialers and agents. */
  image: string
  /** Version of this program. */
  version: string
  clock: Clock
  namespace?: string
  replicas?: number
  /** How daemons reach managers without the API server. Default: not at all. */
  expose?: Expose | undefined
  signal?: AbortSignal
  /** Longest wait until everything is ready. Default 120 s. */
  waitMs?: number
  onStep?: (step: InstallStep) => void
}

export interface InstallResult {
  namespace: string
  publicKey: string
  /** `host:port` where daemons reach managers without the API server; absent: it is not exposed. */
  reach?: string[]
  created: number
  changed: number
  unchanged: number
  /** Objects of other options that were there. */
  deleted: number
  /** What was left out, why, and what does not hold for want of it. */
  skipped: { what: string; reason: string; without: string }[]
}

/** A reason that no waiting mends ends it this soon. */
const FINAL_MS = 10_000
/** Managers find node ports out at once; of balancers nobody knows when. */
const ADDRESS_MS = 15_000

/**
 * Applies every object and waits until managers and dialers are ready.
 * @throws RC-C-130 with the last real reason when they are not in time; RC-C-114 without the right to install
 */
export async function install(client: KubeClient, request: InstallRequest): Promise<InstallResult> {
  const { image, version, clock, signal, waitMs = 120_000, onStep = () => {} } = request
  const { namespace = INSTALLATION.namespace, replicas = 2, expose } = request
  const result: InstallResult = {
    namespace,
    publicKey: '',
    created: 0,
    changed: 0,
    unchanged: 0,
    deleted: 0,
    skipped: [],
  }
  const done = (object: KubeObject, applied: Applied | 'deleted'): void => {
    result[applied]++
    onStep({ kind: 'object', object: titleOf(object), result: applied })
  }
  const skip = (what: string, reason: string, without: string): void => {
    result.skipped.push({ what, reason, without })
    onStep({ kind: 'skipped', what, reason, without })
  }
  const home = namespaceObject(namespace)
  done(home, await applyNamespace(client, home, signal))
  const secret = newSigningKey(namespace)
  const key = await keepSecret(client, secret, signal)
  done(secret, key.applied)
  result.publicKey = publicKeyOf(key.secret)

  const options = { image, namespace, replicas, version, publicKey: result.publicKey, expose }
  let enforced = false
  for (const { title, objects, unwanted = [], without } of installation(options)) {
    const unknown = without !== undefined ? await firstUnknown(client, objects, signal) : undefined
    if (unknown !== undefined && without !== undefined) {
      skip(title, `the API server does not know ${unknown}`, without)
      continue
    }
    for (const object of objects) done(object, await apply(client, object, { signal }))
    for (const object of unwanted) if (await client.delete(pathOf(object), { signal })) done(object, 'deleted')
    if (title === 'admission policies') enforced = true
    if (title === 'resource definitions') await definitionsServed(client, objects, clock, signal)
  }
  if (enforced) {
    await policiesEnforced(client, namespace, clock, signal)
    onStep({ kind: 'ready', what: 'admission policies refuse a foreign owner' })
  }
  const end = clock.now() + waitMs
  for (const [kind, name] of [
    ['StatefulSet', INSTALLATION.manager],
    ['Deployment', INSTALLATION.dialer],
  ] as const) {
    await running(client, { kind, namespace, name }, { clock, limitMs: end - clock.now(), signal, onStep })
  }
  if (expose !== undefined) {
    onStep({ kind: 'waiting', what: `service ${INSTALLATION.outside}`, reason: 'managers look for its address' })
    result.reach = await reached(client, namespace, { clock, limitMs: ADDRESS_MS, signal })
  }
  return result
}

/** A namespace that somebody else made is used as it is. */
async function applyNamespace(client: KubeClient, home: KubeObject, signal?: AbortSignal): Promise<Applied> {
  const there = await client.find<KubeObject>(
    { apiVersion: 'v1', kind: 'Namespace', name: home.metadata.name },
    { signal },
  )
  const foreign =
    there !== undefined &&
    there.metadata.labels?.['app.kubernetes.io/managed-by'] !== LABELS['app.kubernetes.io/managed-by']
  if (foreign && there.metadata.deletionTimestamp === undefined) return 'unchanged'
  if (there?.metadata.deletionTimestamp !== undefined) {
    throw fault('RC-C-130', `Namespace ${home.metadata.name} is being deleted. Nothing was changed.`, [
      'Wait until it is gone, then run `remocal install` again',
    ])
  }
  return apply(client, home, { signal })
}

/** The key is made once: whatever is there stays. */
async function keepSecret(
  client: KubeClient,
  secret: KeySecret,
  signal?: AbortSignal,
): Promise<{ secret: KeySecret; applied: Applied }> {
  const { apiVersion, kind, metadata } = secret
  const path = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name }
  const there = await client.find<KeySecret>(path, { signal })
  if (there !== undefined) return { secret: there, applied: 'unchanged' }
  try {
    return { secret: await client.create(secret, { signal }), applied: 'created' }
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'RC-C-117') throw error
    return { secret: await client.get<KeySecret>(path, { signal }), applied: 'unchanged' }
  }
}

async function firstUnknown(
  client: KubeClient,
  objects: KubeObject[],
  signal?: AbortSignal,
): Promise<string | undefined> {
  for (const { apiVersion, kind } of objects) {
    if (!(await knows(client, apiVersion, kind, signal))) return `${kind} (${apiVersion})`
  }
  return undefined
}

async function definitionsServed(
  client: KubeClient,
  objects: KubeObject[],
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  const served = async (): Promise<true | undefined> => {
    for (const kind of ['Intercept', 'Session']) {
      if (!(await knows(client, `${GROUP}/${VERSION}`, kind, signal))) return undefined
    }
    return true
  }
  if ((await waitFor(served, { clock, limitMs: 30_000, everyMs: 100, signal })) === true) return
  const names = objects.map(({ metadata }) => metadata.name).join(' and ')
  throw fault('RC-C-130', `The API server does not serve ${names} after 30 s.`, [
    `kubectl get crd ${names.replace(' and ', ' ')} -o yaml`,
  ])
}

/** Proves that a session in somebody else's name is refused: by a dry run, until the API server has taken the policy in. */
async function policiesEnforced(
  client: KubeClient,
  namespace: string,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  const foreign: Session = {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: 'Session',
    metadata: { name: 'remocal-install-check', namespace },
    spec: { owner: 'remocal:nobody', publicKey: 'none' },
  }
  const refused = async (): Promise<true | undefined> => {
    try {
      await client.create(foreign, { dryRun: true, signal })
      return undefined
    } catch (error) {
      if ((error as { code?: unknown }).code === 'RC-C-118') return true
      if (isNotFound(error) || isConflict(error)) return undefined
      throw error
    }
  }
  if ((await waitFor(refused, { clock, limitMs: 30_000, everyMs: 200, signal })) === true) return
  throw fault(
    'RC-C-130',
    'The admission policies are applied, but the API server does not refuse a foreign owner after 30 s.',
    ['kubectl get validatingadmissionpolicies -l app.kubernetes.io/part-of=remocal -o yaml'],
  )
}

async function running(
  client: KubeClient,
  path: { kind: 'StatefulSet' | 'Deployment'; namespace: string; name: string },
  {
    clock,
    limitMs,
    signal,
    onStep,
  }: { clock: Clock; limitMs: number; signal: AbortSignal | undefined; onStep: (step: InstallStep) => void },
): Promise<void> {
  const what = `${path.kind.toLowerCase()} ${path.name}`
  const from = clock.now()
  let last: Readiness | undefined
  let finalSince: number | undefined
  const ask = async (): Promise<'ready' | 'final' | undefined> => {
    const now = await readiness(client, path, { signal })
    if (now.ready) return 'ready'
    if (now.count !== last?.count || (now.reason !== undefined && now.reason !== last?.reason)) {
      onStep({ kind: 'waiting', what, reason: now.reason === undefined ? now.count : `${now.count}; ${now.reason}` })
    }
    // The last real reason survives moments in which there is none.
    last = now.reason === undefined && last?.reason !== undefined ? { ...now, reason: last.reason } : now
    finalSince = now.final ? (finalSince ?? clock.now()) : undefined
    return finalSince !== undefined && clock.now() - finalSince >= FINAL_MS ? 'final' : undefined
  }
  const outcome = await waitFor(ask, { clock, limitMs: Math.max(limitMs, 0), signal })
  if (outcome === 'ready') {
    onStep({ kind: 'ready', what })
    return
  }
  const seconds = Math.round((clock.now() - from) / 1000)
  const why = last?.reason === undefined ? '' : `; ${last.reason.replace(/\.$/, '')}`
  throw fault(
    'RC-C-130',
    `${what} has ${last?.count ?? 'no pods'} after ${seconds} s${why}. The objects were applied and stay.`,
    [
      `kubectl describe pods -n ${path.namespace} -l app.kubernetes.io/name=${path.name}`,
      'Mend it and run `remocal install` again, or `remocal uninstall`',
    ],
  )
}
