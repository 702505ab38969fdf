/**
 * A client of one API server: typed requests over kept connections. Every refusal is a fault of the catalogue whose
 * cause is the API server's own answer. Safe to share; `close()` ends its idle connections.
 */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../lib/clock.ts'
import { isNotFound } from './api-fault.ts'
import { type Call, Exchange, type Query, queryString } from './exchange.ts'
import { groupOf, type ObjectPath, pluralOf, urlPath } from './path.ts'
import type { KubeObject } from './resources.ts'
import type { KubeTarget } from './target.ts'
import { type ConnectionOptions, Transport } from './transport.ts'

export interface KubeClientOptions {
  target: KubeTarget
  clock: Clock
  /** Longest wait for a whole answer. Default 15 s. */
  timeoutMs?: number
}

export interface CallOptions {
  signal?: AbortSignal | undefined
}

export interface WriteOptions extends CallOptions {
  /** The API server checks everything and stores nothing. */
  dryRun?: boolean
  fieldManager?: string
}

export interface Selection {
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
}

export interface KubeList<T> {
  items: T[]
  resourceVersion: string
}

export interface UserInfo {
  username: string
  groups: string[]
  uid?: string
}

export interface Answer {
  allowed: boolean
  reason: string
}

export interface WatchQuery {
  resourceVersion: string
  timeoutSeconds: number
}

interface Page<T> {
  items?: T[] | null
  metadata?: { resourceVersion?: string; continue?: string }
}

export type PatchType = 'merge' | 'strategic' | 'json'

export interface DeleteOptions extends CallOptions {
  propagation?: 'Background' | 'Foreground' | 'Orphan'
  /** Deletes only the object that has this uid. */
  uid?: string
  gracePeriodSeconds?: number
}

const CONTENT_TYPES: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
}
const PAGE = 500

export class KubeClient {
  readonly target: KubeTarget
  readonly #transport: Transport
  readonly #exchange: Exchange

  constructor({ target, clock, timeoutMs = 15_000 }: KubeClientOptions) {
    this.target = target
    this.#transport = new Transport(target)
    this.#exchange = new Exchange(this.#transport, clock, timeoutMs)
  }

  get<T extends KubeObject>(path: ObjectPath & { name: string }, options: CallOptions = {}): Promise<T> {
    return this.#json({ method: 'GET', verb: 'get', path }, options)
  }

  /** As `get`; undefined when there is no such object (or no such kind). */
  async find<T extends KubeObject>(
    path: ObjectPath & { name: string },
    options: CallOptions = {},
  ): Promise<T | undefined> {
    try {
      return await this.get<T>(path, options)
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  /** All objects of a kind, page by page. Each item carries its apiVersion and kind. */
  async list<T extends KubeObject>(path: ObjectPath, options: Selection & CallOptions = {}): Promise<KubeList<T>> {
    const items: T[] = []
    const { apiVersion, kind } = path
    const { labelSelector, fieldSelector } = options
    let next: string | undefined
    for (;;) {
      const query = { labelSelector, fieldSelector, limit: PAGE, continue: next }
      const page: Page<T> = await this.#json({ method: 'GET', verb: 'list', path, query }, options)
      for (const item of page.items ?? []) items.push({ ...item, apiVersion, kind })
      next = page.metadata?.continue || undefined
      if (next === undefined) return { items, resourceVersion: page.metadata?.resourceVersion ?? '' }
    }
  }

  /** Creates `object` where its metadata says. */
  create<T extends KubeObject>(object: T, options: WriteOptions = {}): Promise<T> {
    const { apiVersion, kind, metadata } = object
    const path = { apiVersion, kind, namespace: metadata.namespace }
    return this.#json({ method: 'POST', verb: 'create', path, query: writing(options), body: object }, options)
  }

  /** Posts to a subresource: `serviceaccounts/token`, `pods/eviction`. */
  post<T>(
    path: ObjectPath & { name: string; subresource: string },
    body: object,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#json({ method: 'POST', verb: 'create', path, body }, options)
  }

  /** Replaces `object`; with a resourceVersion only if nobody changed it since (else RC-C-116). */
  replace<T extends KubeObject>(object: T, options: WriteOptions & { subresource?: string } = {}): Promise<T> {
    const { apiVersion, kind, metadata } = object
    const path = {
      apiVersion,
      kind,
      namespace: metadata.namespace,
      name: metadata.name,
      subresource: options.subresource,
    }
    return this.#json({ method: 'PUT', verb: 'update', path, query: writing(options), body: object }, options)
  }

  /** Patches an object, by default with a merge patch (RFC 7396). */
  patch<T extends KubeObject>(
    path: ObjectPath & { name: string },
    body: object,
    options: WriteOptions & { type?: PatchType } = {},
  ): Promise<T> {
    const contentType = CONTENT_TYPES[options.type ?? 'merge']
    return this.#json({ method: 'PATCH', verb: 'patch', path, query: writing(options), body, contentType }, options)
  }

  /** Asks for deletion. False when there was nothing to delete. */
  async delete(path: ObjectPath & { name: string }, options: DeleteOptions = {}): Promise<boolean> {
    const { propagation = 'Background', uid, gracePeriodSeconds } = options
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: propagation,
      ...(uid !== undefined && { preconditions: { uid } }),
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    }
    try {
      await this.#exchange.text({ method: 'DELETE', verb: 'delete', path, body }, options.signal)
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  /** The text of a container's log from its beginning, `limitBytes` at most. */
  log(
    pod: { namespace: string; name: string; container?: string; limitBytes?: number },
    options: CallOptions = {},
  ): Promise<string> {
    const { namespace, name, container, limitBytes = 64 * 1024 } = pod
    const path = { apiVersion: 'v1', kind: 'Pod', namespace, name, subresource: 'log' }
    return this.#exchange.text({ method: 'GET', verb: 'get', path, query: { container, limitBytes } }, options.signal)
  }

  /** Who the API server takes us for (SelfSubjectReview). */
  async whoAmI(options: CallOptions = {}): Promise<UserInfo> {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
    const call: Call = { method: 'POST', verb: 'create', path: review, body: review }
    const answer: { status?: { userInfo?: Partial<UserInfo> } } = await this.#json(call, options)
    const { username = '', uid, groups = [] } = answer.status?.userInfo ?? {}
    return { username, groups, ...(uid !== undefined && { uid }) }
  }

  /** Whether we may do something (SelfSubjectAccessReview); `name` and `subresource` narrow it. */
  async mayI(verb: string, path: ObjectPath, options: CallOptions = {}): Promise<Answer> {
    return this.#review('SelfSubjectAccessReview', { resourceAttributes: attributes(verb, path) }, options)
  }

  /** Whether somebody else may do something (SubjectAccessReview). */
  async may(who: UserInfo, verb: string, path: ObjectPath, options: CallOptions = {}): Promise<Answer> {
    const spec = { user: who.username, groups: who.groups, uid: who.uid, resourceAttributes: attributes(verb, path) }
    return this.#review('SubjectAccessReview', spec, options)
  }

  /** A path that is no object's, such as `/version`, as JSON. */
  raw<T>(url: string, options: CallOptions = {}): Promise<T> {
    return this.#json({ method: 'GET', verb: 'get', path: { apiVersion: 'v1', kind: url }, url }, options)
  }

  /** Opens a watch; resolves at the answer's head. The caller reads the body and ends it with `signal`. */
  watch(path: ObjectPath, query: Selection & WatchQuery, signal: AbortSignal): Promise<IncomingMessage> {
    const all = { ...query, watch: true, allowWatchBookmarks: true }
    return this.#exchange.stream({ method: 'GET', verb: 'watch', path, query: all }, signal)
  }

  /** What a WebSocket to a subresource needs; see `port-forward.ts`. `renew` after a 401. */
  connection(path: ObjectPath, query: Query, renew: boolean, signal?: AbortSignal): Promise<ConnectionOptions> {
    return this.#transport.connection(urlPath(path) + queryString(query), renew, signal)
  }

  /** Ends idle connections; calls under way fail. */
  close(): void {
    this.#transport.close()
  }

  async #review(kind: string, spec: object, options: CallOptions): Promise<Answer> {
    const review = { apiVersion: 'authorization.k8s.io/v1', kind }
    const call: Call = { method: 'POST', verb: 'create', path: review, body: { ...review, spec } }
    const answer: { status?: Partial<Answer> } = await this.#json(call, options)
    return { allowed: answer.status?.allowed === true, reason: answer.status?.reason ?? '' }
  }

  async #json<T>(call: Call, { signal }: CallOptions): Promise<T> {
    return JSON.parse(await this.#exchange.text(call, signal)) as T
  }
}

function writing({ dryRun, fieldManager }: WriteOptions): Query {
  return { dryRun: dryRun === true ? 'All' : undefined, fieldManager: fieldManager ?? 'remocal' }
}

function attributes(verb: string, { apiVersion, kind, namespace, name, subresource }: ObjectPath): object {
  const version = apiVersion.split('/').at(-1)
  return { verb, group: groupOf(apiVersion), version, resource: pluralOf(kind), namespace, name, subresource }
}
