/** All objects of the sandbox, in memory: versions, watches, optimistic concurrency. Knows nothing of HTTP or permissions. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { KubeObject, Metadata } from '../../kube/resources.ts'
import { sameJson } from './same-json.ts'
import { alreadyExists, conflict, gone, notFound } from './status.ts'

/** Any object; what is in it depends on its kind. */
export interface Stored extends KubeObject {
  metadata: Metadata & { generateName?: string; deletionGracePeriodSeconds?: number }
  // biome-ignore lint/suspicious/noExplicitAny: objects of every kind are stored
  [field: string]: any
}

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

export interface Change {
  type: ChangeType
  /** Which kind: `deployments.apps`, `pods`. */
  resource: string
  object: Stored
  /** As it was before; undefined for ADDED. */
  old: Stored | undefined
  version: number
}

/** Changes that a watch may begin from; older ones are answered 410. */
const HISTORY = 5000

export class Store {
  readonly #objects = new Map<string, Map<string, Stored>>()
  readonly #listeners = new Set<(change: Change) => void>()
  #history: Change[] = []
  #version = 1

  /** The version of the last change. */
  get version(): number {
    return this.#version
  }

  /** Calls for each change, at once and in order. @returns stops it */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Changes after `version`. Throws 410 when they are not known any more. */
  since(version: number): Change[] {
    const first = this.#history[0]
    if (version > this.#version || (first !== undefined && version < first.version - 1)) throw gone(version)
    return this.#history.filter((change) => change.version > version)
  }

  find(resource: string, namespace: string | undefined, name: string): Stored | undefined {
    return this.#objects.get(resource)?.get(keyOf(namespace, name))
  }

  /** Throws 404. The object must not be changed. */
  get(resource: string, namespace: string | undefined, name: string): Stored {
    const object = this.find(resource, namespace, name)
    if (object === undefined) throw notFound(resource, name)
    return object
  }

  /** @param namespace undefined: all */
  list(resource: string, namespace?: string): Stored[] {
    const all = [...(this.#objects.get(resource)?.values() ?? [])]
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace)
  }

  /** Throws 409 when the name is taken. Sets uid, version and times; a name is made from `generateName`. */
  create(resource: string, object: Stored): Stored {
    const { generateName, ...given } = object.metadata
    const name = given.name ?? `${generateName ?? ''}${randomBytes(3).toString('hex').slice(0, 5)}`
    if (this.find(resource, given.namespace, name) !== undefined) throw alreadyExists(resource, name)
    const metadata: Stored['metadata'] = {
      ...given,
      name,
      ...(generateName !== undefined && { generateName }),
      uid: randomUUID(),
      generation: 1,
      creationTimestamp: timeNow(),
      resourceVersion: '',
    }
    delete metadata.deletionTimestamp
    return this.#put('ADDED', resource, { ...object, metadata }, undefined)
  }

  /**
   * Replaces an object. Throws 404, or 409 when `next` names a version that is not the last one. What makes an object
   * itself (uid, creation) stays; the generation grows when anything but metadata and status changed.
   */
  update(resource: string, next: Stored): Stored {
    const { namespace, name, resourceVersion, uid } = next.metadata
    const old = this.get(resource, namespace, name)
    if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== old.metadata.resourceVersion) {
      throw conflict(resource, name)
    }
    if (uid !== undefined && uid !== old.metadata.uid) throw conflict(resource, name)
    const kept = {
      uid: old.metadata.uid,
      creationTimestamp: old.metadata.creationTimestamp,
      deletionTimestamp: old.metadata.deletionTimestamp,
      deletionGracePeriodSeconds: old.metadata.deletionGracePeriodSeconds,
      generation: (old.metadata.generation ?? 1) + (sameContent(old, next) ? 0 : 1),
    }
    const metadata = Object.fromEntries(
      Object.entries({ ...next.metadata, ...kept }).filter(([, value]) => value !== undefined),
    ) as unknown as Stored['metadata']
    const object = { ...next, metadata }
    if (sameJson(stripVersion(object), stripVersion(old))) return old
    if (isFinished(object)) return this.#drop(resource, object)
    return this.#put('MODIFIED', resource, object, old)
  }

  /** Changes an object by a function of what it is now; as `update` otherwise. Undefined when it does not exist. */
  edit(
    resource: string,
    namespace: string | undefined,
    name: string,
    change: (object: Stored) => void,
  ): Stored | undefined {
    const old = this.find(resource, namespace, name)
    if (old === undefined) return undefined
    const next = structuredClone(old)
    change(next)
    return this.update(resource, next)
  }

  /**
   * Deletes an object: at once, or, with finalizers or a grace period, by marking it.
   * @returns what is left of it or what was there
   */
  delete(resource: string, namespace: string | undefined, name: string, graceSeconds = 0): Stored {
    const old = this.get(resource, namespace, name)
    const finalizers = old.metadata.finalizers ?? []
    if (finalizers.length === 0 && graceSeconds === 0) return this.#drop(resource, old)
    const { deletionTimestamp, deletionGracePeriodSeconds } = old.metadata
    if (deletionTimestamp !== undefined && (deletionGracePeriodSeconds ?? 0) <= graceSeconds) return old
    const next = structuredClone(old)
    next.metadata.deletionTimestamp = timeNow(graceSeconds * 1000)
    next.metadata.deletionGracePeriodSeconds = graceSeconds
    next.metadata.generation = (old.metadata.generation ?? 1) + 1
    return this.#put('MODIFIED', resource, next, old)
  }

  #put(type: ChangeType, resource: string, object: Stored, old: Stored | undefined): Stored {
    let objects = this.#objects.get(resource)
    if (objects === undefined) {
      objects = new Map()
      this.#objects.set(resource, objects)
    }
    this.#version++
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } }
    objects.set(keyOf(stored.metadata.namespace, stored.metadata.name), stored)
    this.#tell({ type, resource, object: stored, old, version: this.#version })
    return stored
  }

  #drop(resource: string, old: Stored): Stored {
    const { namespace, name } = old.metadata
    this.#objects.get(resource)?.delete(keyOf(namespace, name))
    this.#version++
    const last = { ...old, metadata: { ...old.metadata, resourceVersion: String(this.#version) } }
    this.#tell({ type: 'DELETED', resource, object: last, old, version: this.#version })
    return last
  }

  #tell(change: Change): void {
    this.#history.push(change)
    if (this.#history.length > 2 * HISTORY) this.#history = this.#history.slice(-HISTORY)
    for (const listener of [...this.#listeners]) listener(change)
  }
}

/** Marked for deletion, and nothing holds it any more. */
function isFinished({ metadata }: Stored): boolean {
  const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds = 0 } = metadata
  return deletionTimestamp !== undefined && finalizers.length === 0 && deletionGracePeriodSeconds === 0
}

function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`
}

/** RFC 3339, whole seconds. */
export function timeNow(offsetMs = 0): string {
  return new Date(Date.now() + offsetMs).toISOString().replace(/\.\d+/, '')
}

function sameContent(a: Stored, b: Stored): boolean {
  const content = ({ metadata: _metadata, status: _status, ...rest }: Stored): object => rest
  return sameJson(content(a), content(b))
}

function stripVersion({ metadata, ...rest }: Stored): object {
  const { resourceVersion: _version, ...others } = metadata
  return { ...rest, metadata: others }
}
