/** Watches: one JSON line a change, for as long as the caller listens. */
import type { ServerResponse } from 'node:http'
import type { Resource } from './resources.ts'
import type { Selector } from './selectors.ts'
import { StatusError } from './status.ts'
import type { Change, Store, Stored } from './store.ts'
import { tableOf } from './tables.ts'

const BOOKMARK_MS = 30_000
const MAX_SECONDS = 600
/** A watcher that lags behind by more begins anew. */
const MAX_BEHIND_BYTES = 16 * 1024 * 1024

export interface WatchOptions {
  resource: Resource
  namespace: string | undefined
  selects: Selector
  /** From which version; undefined: everything that there is, first. */
  version: string | undefined
  bookmarks: boolean
  initialEvents: boolean
  seconds: number | undefined
  table: boolean
}

export function serveWatch(response: ServerResponse, store: Store, options: WatchOptions): void {
  const { resource, namespace, selects, version, bookmarks, initialEvents, seconds, table } = options
  const shown = (object: Stored): unknown =>
    table ? tableOf(resource, [object], object.metadata.resourceVersion ?? '') : object
  const write = (type: string, object: unknown): void => {
    response.write(`${JSON.stringify({ type, object })}\n`)
    if (response.writableLength > MAX_BEHIND_BYTES) response.destroy()
  }
  const bookmark = (annotations?: Record<string, string>): void =>
    write('BOOKMARK', {
      kind: resource.kind,
      apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
      metadata: { resourceVersion: String(store.version), ...(annotations !== undefined && { annotations }) },
    })
  const inScope = ({ metadata }: Stored): boolean => namespace === undefined || metadata.namespace === namespace
  // An object that begins or ceases to match has, for this watcher, come or gone.
  const tell = ({ type, resource: key, object, old }: Change): void => {
    if (key !== resource.key || !inScope(object)) return
    const was = old !== undefined && selects(old)
    const is = type !== 'DELETED' && selects(object)
    if (is) write(was ? 'MODIFIED' : 'ADDED', shown(object))
    else if (was) write('DELETED', shown(object))
  }
  response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' })
  response.flushHeaders()
  try {
    if (initialEvents || version === undefined || version === '' || version === '0') {
      for (const object of store.list(resource.key, namespace)) if (selects(object)) write('ADDED', shown(object))
      if (initialEvents) bookmark({ 'k8s.io/initial-events-end': 'true' })
    } else for (const change of store.since(Number(version))) tell(change)
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    write('ERROR', error)
    response.end()
    return
  }
  const stop = store.subscribe(tell)
  const marking = bookmarks ? setInterval(() => bookmark(), BOOKMARK_MS) : undefined
  const ending = setTimeout(() => response.end(), Math.min(seconds ?? MAX_SECONDS, MAX_SECONDS) * 1000)
  response.on('close', () => {
    stop()
    clearInterval(marking)
    clearTimeout(ending)
  })
}
