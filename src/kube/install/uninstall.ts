/** Takes Remocal out of a cluster: attachments first, so that ports are given back, then all objects in reverse. */
import { fault } from '../../diagnose/catalogue.ts'
import type { Clock } from '../../lib/clock.ts'
import { isNotFound } from '../api-fault.ts'
import type { KubeClient } from '../client.ts'
import { GROUP, INSTALLATION, type KubeObject, VERSION } from '../resources.ts'
import { namespaceObject } from './accounts.ts'
import { pathOf, titleOf } from './apply.ts'
import { installation } from './objects.ts'
import { LABELS } from './options.ts'
import { newSigningKey } from './signing-key.ts'
import { waitFor } from './wait.ts'

export type UninstallStep =
  | { kind: 'object'; object: string; result: 'deleted' | 'absent' }
  | { kind: 'kept'; object: string; reason: string }

export interface UninstallRequest {
  clock: Clock
  namespace?: string
  signal?: AbortSignal
  /** Longest wait until everything is gone. Default 90 s. */
  waitMs?: number
  onStep?: (step: UninstallStep) => void
}

export interface UninstallResult {
  /** Intercepts that were ended: `namespace/name`. */
  intercepts: string[]
  sessions: number
  /** Objects that were there. */
  deleted: string[]
  kept: { object: string; reason: string }[]
}

/** How long the managers have to give ports back before they go themselves. */
const HAND_BACK_MS = 10_000

/** @throws RC-C-131 when something is still there in the end */
export async function uninstall(client: KubeClient, request: UninstallRequest): Promise<UninstallResult> {
  const { clock, namespace = INSTALLATION.namespace, signal, waitMs = 90_000, onStep = () => {} } = request
  const result: UninstallResult = { intercepts: [], sessions: 0, deleted: [], kept: [] }
  result.intercepts = await deleteAll(client, 'Intercept', clock, signal)
  for (const key of result.intercepts) onStep({ kind: 'object', object: `intercept ${key}`, result: 'deleted' })
  result.sessions = (await deleteAll(client, 'Session', clock, signal)).length

  const options = { image: '', namespace, replicas: 0, version: '', publicKey: '' }
  const all = installation(options).flatMap(({ objects, unwanted = [] }) => [...objects, ...unwanted])
  const objects = [newSigningKey(namespace), ...all].reverse()
  const home = namespaceObject(namespace)
  const there = await client.find<KubeObject>(pathOf(home), { signal })
  const ours = there?.metadata.labels?.['app.kubernetes.io/managed-by'] === LABELS['app.kubernetes.io/managed-by']
  if (there === undefined || ours) objects.push(home)
  else {
    const kept = { object: titleOf(home), reason: 'it was not made by `remocal install`' }
    result.kept.push(kept)
    onStep({ kind: 'kept', ...kept })
  }
  for (const object of objects) {
    const deleted = await client.delete(pathOf(object), { signal, propagation: 'Background' })
    if (deleted) result.deleted.push(titleOf(object))
    onStep({ kind: 'object', object: titleOf(object), result: deleted ? 'deleted' : 'absent' })
  }
  await gone(client, objects, { clock, limitMs: waitMs, signal })
  return result
}

/** Deletes all objects of a kind of ours, everywhere, and waits for a while until they are gone. */
async function deleteAll(client: KubeClient, kind: string, clock: Clock, signal?: AbortSignal): Promise<string[]> {
  const path = { apiVersion: `${GROUP}/${VERSION}`, kind }
  const list = async (): Promise<KubeObject[]> => {
    try {
      return (await client.list<KubeObject>(path, { signal })).items
    } catch (error) {
      if (isNotFound(error)) return []
      throw error
    }
  }
  const items = await list()
  for (const item of items) await client.delete(pathOf(item), { signal })
  if (items.length > 0) {
    const none = async (): Promise<true | undefined> => ((await list()).length === 0 ? true : undefined)
    await waitFor(none, { clock, limitMs: HAND_BACK_MS, signal })
  }
  return items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}

async function gone(
  client: KubeClient,
  objects: KubeObject[],
  { clock, limitMs, signal }: { clock: Clock; limitMs: number; signal: AbortSignal | undefined },
): Promise<void> {
  // What is in the namespace goes with it; definitions go after their last object.
  let left = objects
  const ask = async (): Promise<true | undefined> => {
    const found = await Promise.all(left.map((object) => client.find<KubeObject>(pathOf(object), { signal })))
    left = left.filter((_, index) => found[index] !== undefined)
    return left.length === 0 ? true : undefined
  }
  if ((await waitFor(ask, { clock, limitMs, signal })) === true) return
  const names = left.map(titleOf).join(', ')
  throw fault('RC-C-131', `${names} ${left.length === 1 ? 'is' : 'are'} still there after ${limitMs / 1000} s.`, [
    `kubectl get ${left[0]?.kind.toLowerCase()} ${left[0]?.metadata.name} -o yaml`,
    'Run `remocal uninstall` again',
  ])
}
