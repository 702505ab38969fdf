/**
 * A cache of all objects of a kind that follows the API server: a paged list, then a watch from there; a new list when
 * the history is gone. It never gives up: failures are reported, and tried again with growing, jittered pauses.
 */
import type { IncomingMessage } from 'node:http'
import type { Clock, Timer } from '../lib/clock.ts'
import { Fault } from '../lib/fault.ts'
import type { Logger } from '../lib/logger.ts'
import type { KubeClient, Selection } from './client.ts'
import { JsonLines } from './json-lines.ts'
import { describePath, type ObjectPath } from './path.ts'
import type { KubeObject } from './resources.ts'

export interface WatchOptions<T extends KubeObject> extends Selection {
  client: KubeClient
  /** Kind, and namespace when only one is wanted. */
  path: ObjectPath
  clock: Clock
  logger: Logger
  /**
   * An object came (`old` undefined), changed, or went (`next` undefined). The cache is already changed. Not called for
   * objects that a new list finds unchanged.
   */
  onChange?: (key: string, old: T | undefined, next: T | undefined) => void
  /** A list or watch failed; it is tried again. */
  onError?: (error: unknown) => void
  /** A connection on which nothing came for so long is dropped. The API server sends a bookmark each minute. */
  silentMs?: number
}

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 30_000
/** The API server ends each watch by itself after 5 to 10 minutes. */
const WATCH_SECONDS = 300

interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: T & { code?: number; message?: string }
}

/** `namespace/name`, or the name alone of cluster-scoped objects. */
export function keyOf({ metadata }: KubeObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`
}

export class Watch<T extends KubeObject> {
  /** Resolves after the first whole list; rejects when closed before. Failures until then go to `onError`. */
  readonly synced: Promise<void>
  readonly #options: WatchOptions<T>
  readonly #cache = new Map<string, T>()
  readonly #abort = new AbortController()
  readonly #settled: { resolve(): void; reject(error: Error): void }
  #running: Promise<void> | undefined
  #heardAt: number
  #connected = false

  constructor(options: WatchOptions<T>) {
    this.#options = options
    this.#heardAt = options.clock.now()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.synced = promise
    this.#settled = { resolve, reject }
    // Whoever does not wait for the first list need not hear that it never came.
    promise.catch(() => {})
  }

  /** What the API server has, as far as is known. */
  get cache(): ReadonlyMap<string, T> {
    return this.#cache
  }

  /** Milliseconds since the cache was last known to be right: 0 while the watch is connected. */
  get staleMs(): number {
    return this.#connected ? 0 : this.#options.clock.now() - this.#heardAt
  }

  start(): this {
    this.#running ??= this.#run()
    return this
  }

  /** Ends the watch; nothing is called afterwards. */
  async close(): Promise<void> {
    this.#settled.reject(new Error('the watch was closed'))
    this.#abort.abort(new Error('the watch was closed'))
    await this.#running
  }

  async #run(): Promise<void> {
    const { client, path, clock, logger, onError } = this.#options
    const what = describePath(path)
    let version: string | undefined
    let pauseMs = FIRST_PAUSE_MS
    while (!this.#abort.signal.aborted) {
      try {
        if (version === undefined) {
          const { items, resourceVersion } = await client.list<T>(path, {
            ...this.#options,
            signal: this.#abort.signal,
          })
          this.#replaceAll(items)
          version = resourceVersion
          this.#settled.resolve()
        }
        const end = await this.#follow(version)
        version = end.version
        if (end.heard) pauseMs = FIRST_PAUSE_MS
        if (end.error !== undefined) throw end.error
        if (end.heard) continue
      } catch (error) {
        if (this.#abort.signal.aborted) break
        if (isExpired(error)) version = undefined
        const fields = { error: error instanceof Fault ? error.sentence : String(error), what, pauseMs }
        logger.warn(fields, 'watch failed; trying again')
        onError?.(error)
      }
      await this.#pause(pauseMs * (0.5 + Math.random()), clock)
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
  }

  /** One watch, until it ends: the version to go on from, and whether anything was heard. */
  async #follow(from: string): Promise<{ version: string | undefined; heard: boolean; error?: unknown }> {
    const { client, path, labelSelector, fieldSelector, clock, silentMs = 150_000 } = this.#options
    const timeoutSeconds = Math.round(WATCH_SECONDS * (1 + Math.random()))
    const query = { labelSelector, fieldSelector, resourceVersion: from, timeoutSeconds }
    const answer = await client.watch(path, query, this.#abort.signal)
    let version: string | undefined = from
    let heard = false
    let silence: Timer | undefined
    const rearm = (): void => {
      silence?.cancel()
      silence = clock.after(silentMs, () => answer.destroy(new Error(`nothing was heard for ${silentMs / 1000} s`)))
    }
    const lines = new JsonLines((value) => {
      const event = value as WatchEvent<T>
      heard = true
      if (event.type === 'ERROR') {
        version = undefined
        throw new Error(event.object.message ?? `the watch ended with code ${event.object.code}`)
      }
      version = event.object.metadata.resourceVersion ?? version
      if (event.type !== 'BOOKMARK') this.#apply(event.type === 'DELETED' ? 'gone' : 'there', event.object)
    })
    try {
      rearm()
      this.#connected = true
      for await (const bytes of answer as IncomingMessage & AsyncIterable<Buffer>) {
        this.#heardAt = clock.now()
        rearm()
        lines.push(bytes)
      }
      return { version, heard }
    } catch (error) {
      return { version, heard, error }
    } finally {
      this.#heardAt = clock.now()
      this.#connected = false
      silence?.cancel()
      answer.destroy()
    }
  }

  #replaceAll(items: T[]): void {
    const seen = new Set<string>()
    for (const item of items) {
      seen.add(keyOf(item))
      this.#apply('there', item)
    }
    for (const [key, old] of [...this.#cache]) if (!seen.has(key)) this.#apply('gone', old)
  }

  #apply(state: 'there' | 'gone', object: T): void {
    if (this.#abort.signal.aborted) return
    const { onChange, logger, path } = this.#options
    const key = keyOf(object)
    const old = this.#cache.get(key)
    const next = state === 'there' ? object : undefined
    const { uid, resourceVersion } = object.metadata
    if (next === undefined) {
      if (old === undefined) return
      this.#cache.delete(key)
    } else {
      if (old !== undefined && old.metadata.uid === uid && old.metadata.resourceVersion === resourceVersion) return
      this.#cache.set(key, { ...next, apiVersion: path.apiVersion, kind: path.kind })
    }
    try {
      onChange?.(key, old, this.#cache.get(key))
    } catch (error) {
      logger.error({ error, key, what: describePath(path) }, 'a change could not be taken in')
    }
  }

  #pause(ms: number, clock: Clock): Promise<void> {
    const { signal } = this.#abort
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = clock.after(ms, done)
      signal.addEventListener('abort', done, { once: true })
    })
  }
}

/** The history since our version is gone (HTTP 410). */
function isExpired(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'RC-C-112'
}
