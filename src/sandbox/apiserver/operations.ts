/** Verbs on stored objects, as the Kubernetes API means them. Each is atomic: none waits. */

import { applyDefaults } from './defaults.ts'
import { jsonPatch, mergePatch, strategicPatch } from './patch.ts'
import type { Resource } from './resources.ts'
import type { Route } from './route.ts'
import { sameJson } from './same-json.ts'
import { check, shape } from './schema.ts'
import { badRequest, forbidden, invalid, notFound, StatusError } from './status.ts'
import type { Store, Stored } from './store.ts'
import { unknownFields } from './unknown-fields.ts'
import { validate } from './validate.ts'

export interface WriteOptions {
  dryRun: boolean
  /** Told of fields that the kind does not have; may throw. */
  onUnknown(fields: string[]): void
}

export class Operations {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  create({ resource, namespace }: Route, body: Stored, { dryRun, onUnknown }: WriteOptions): Stored {
    const object = this.#incoming(resource, namespace, body)
    onUnknown(unknownFields(resource, object))
    this.#refuseNamespace(resource, namespace)
    const { status: _status, ...withoutStatus } = object
    const fresh = (resource.subresources.includes('status') ? withoutStatus : object) as Stored
    applyDefaults(fresh, undefined, this.#store)
    const checked = this.#checked(resource, fresh, undefined, onUnknown)
    if (dryRun) {
      this.#refuseTaken(resource, checked)
      return { ...checked, metadata: { uid: 'dry-run', ...checked.metadata } }
    }
    return this.#store.create(resource.key, checked)
  }

  replace(route: Route, body: Stored, options: WriteOptions): Stored {
    const { resource, namespace, name = '' } = route
    const old = this.#store.get(resource.key, namespace, name)
    const object = this.#incoming(resource, namespace, body)
    if (object.metadata.name !== name) throw badRequest('the name of the object does not match the name on the URL')
    return this.#write(route, old, object, options)
  }

  patch(route: Route, type: string, patch: unknown, options: WriteOptions): Stored {
    const { resource, namespace, name = '' } = route
    const old = this.#store.get(resource.key, namespace, name)
    const before = structuredClone(old)
    let next: unknown
    if (type === 'application/merge-patch+json') next = mergePatch(before, patch)
    else if (type === 'application/json-patch+json') next = jsonPatch(before, patch)
    else if (type === 'application/strategic-merge-patch+json') {
      if (resource.definition !== undefined)
        throw new StatusError(415, 'UnsupportedMediaType', 'custom resources take merge patches only')
      next = strategicPatch(before, patch)
    } else throw new StatusError(415, 'UnsupportedMediaType', `the sandbox does not take patches of type ${type}`)
    return this.#write(route, old, this.#incoming(resource, namespace, next as Stored), options)
  }

  delete(
    { resource, namespace, name = '' }: Route,
    options: { uid?: string; graceSeconds?: number; dryRun: boolean },
  ): Stored {
    const old = this.#store.get(resource.key, namespace, name)
    if (options.uid !== undefined && options.uid !== old.metadata.uid) {
      throw new StatusError(
        409,
        'Conflict',
        `the UID in the precondition (${options.uid}) does not match the UID in record (${old.metadata.uid})`,
      )
    }
    if (options.dryRun) return old
    if (resource.kind === 'Namespace') return this.#endNamespace(old)
    if (resource.kind === 'CustomResourceDefinition') this.#endCustom(old)
    return this.#store.delete(resource.key, namespace, name, graceOf(old, options.graceSeconds))
  }

  /** Contents first; the namespace controller takes the namespace itself away when it is empty. */
  #endNamespace({ metadata }: Stored): Stored {
    const ending = this.#store.edit('namespaces', undefined, metadata.name, (object) => {
      object.metadata.finalizers = ['kubernetes']
      object.status = { ...object.status, phase: 'Terminating' }
    })
    return ending === undefined
      ? this.#store.get('namespaces', undefined, metadata.name)
      : this.#store.delete('namespaces', undefined, metadata.name)
  }

  /** Objects of a kind go with its definition. */
  #endCustom({ metadata }: Stored): void {
    // A definition is named as the store names its objects: plural and group.
    for (const { metadata: one } of this.#store.list(metadata.name)) {
      this.#store.delete(metadata.name, one.namespace, one.name)
    }
  }

  #write({ resource, subresource }: Route, old: Stored, next: Stored, { dryRun, onUnknown }: WriteOptions): Stored {
    if (subresource === undefined) onUnknown(unknownFields(resource, next))
    const merged = bySubresource(resource, subresource, old, next)
    if (subresource !== 'status') applyDefaults(merged, old, this.#store)
    // The sub-resources have rules of their own.
    const checked =
      subresource === undefined || subresource === 'status' ? this.#checked(resource, merged, old, onUnknown) : merged
    return dryRun ? checked : this.#store.update(resource.key, checked)
  }

  #incoming(resource: Resource, namespace: string | undefined, body: Stored): Stored {
    if (typeof body !== 'object' || body === null || !isFields(body.metadata))
      throw badRequest('the body is not an object')
    const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
    if ((body.kind ?? resource.kind) !== resource.kind || (body.apiVersion ?? apiVersion) !== apiVersion) {
      throw badRequest(
        `the API version or kind in the data (${body.apiVersion}, ${body.kind}) does not match the request (${apiVersion}, ${resource.kind})`,
      )
    }
    const metadata = { ...body.metadata }
    if (resource.namespaced) {
      if (metadata.namespace !== undefined && metadata.namespace !== namespace) {
        throw badRequest('the namespace of the object does not match the namespace on the request')
      }
      if (namespace === undefined) throw badRequest('the namespace is missing')
      metadata.namespace = namespace
    } else delete metadata.namespace
    // Who wrote which field is not kept here.
    delete (metadata as { managedFields?: unknown }).managedFields
    return { ...body, apiVersion, kind: resource.kind, metadata }
  }

  #checked(resource: Resource, object: Stored, old: Stored | undefined, onUnknown: WriteOptions['onUnknown']): Stored {
    const { definition } = resource
    if (definition === undefined) {
      validate(object, old)
      return object
    }
    validate(object, old)
    const { apiVersion, kind, metadata, ...content } = object
    const dropped: string[] = []
    const shaped = shape(content, definition.schema, '', dropped) as object
    onUnknown(dropped)
    const causes = check(shaped, { ...definition.schema, type: 'object' }, '', old)
    if (causes.length > 0) throw invalid(resource.kind, metadata.name ?? '', causes)
    return { apiVersion, kind, metadata, ...shaped }
  }

  #refuseNamespace(resource: Resource, namespace: string | undefined): void {
    if (!resource.namespaced || namespace === undefined) return
    const found = this.#store.find('namespaces', undefined, namespace)
    if (found === undefined) throw notFound('namespaces', namespace)
    if (found.metadata.deletionTimestamp !== undefined) {
      throw forbidden(`unable to create new content in namespace ${namespace} because it is being terminated`)
    }
  }

  #refuseTaken(resource: Resource, { metadata }: Stored): void {
    if (metadata.name === undefined || this.#store.find(resource.key, metadata.namespace, metadata.name) === undefined)
      return
    throw new StatusError(409, 'AlreadyExists', `${resource.key} "${metadata.name}" already exists`)
  }
}

/** What a write to a subresource may change: only that part; and a write to the object all but the status. */
function bySubresource(resource: Resource, subresource: string | undefined, old: Stored, next: Stored): Stored {
  const { resourceVersion } = next.metadata
  const metadata = { ...old.metadata, ...(resourceVersion !== undefined && { resourceVersion }) }
  if (subresource === 'status') return { ...structuredClone(old), metadata, status: next.status }
  if (subresource === 'ephemeralcontainers') {
    const before = (old.spec.ephemeralContainers ?? []) as { name: string }[]
    const after = (next.spec?.ephemeralContainers ?? []) as { name: string }[]
    const kept = before.every((one) => after.some((other) => sameJson(other, one)))
    if (!kept) {
      throw invalid('Pod', old.metadata.name, [
        {
          field: 'spec.ephemeralContainers',
          message: 'Forbidden: existing ephemeral containers may not be removed or changed',
        },
      ])
    }
    return { ...structuredClone(old), metadata, spec: { ...structuredClone(old.spec), ephemeralContainers: after } }
  }
  if (subresource === 'scale') {
    return {
      ...structuredClone(old),
      metadata,
      spec: { ...structuredClone(old.spec), replicas: next.spec?.replicas ?? 0 },
    }
  }
  if (!resource.subresources.includes('status')) return next
  return { ...next, ...(old.status !== undefined && { status: old.status }) }
}

function isFields(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Pods that run are given time to end. */
function graceOf({ kind, spec, status }: Stored, asked: number | undefined): number {
  if (kind !== 'Pod' || spec.nodeName === undefined) return 0
  if (['Succeeded', 'Failed'].includes(status?.phase)) return 0
  return asked ?? spec.terminationGracePeriodSeconds ?? 30
}
