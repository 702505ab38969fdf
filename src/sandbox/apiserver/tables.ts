/** What `kubectl get` prints: Tables (meta/v1), one row an object. */
import type { Resource } from './resources.ts'
import type { Stored } from './store.ts'

interface Column {
  name: string
  type?: string
  priority?: number
  value(object: Stored): string | number
}

const name: Column = { name: 'Name', value: ({ metadata }) => metadata.name }
const age: Column = { name: 'Age', value: ({ metadata }) => ageOf(metadata.creationTimestamp) }
const col = (title: string, value: Column['value'], priority = 0): Column => ({ name: title, value, priority })

const COLUMNS: Record<string, Column[]> = {
  Pod: [
    name,
    col('Ready', ({ spec, status }) => {
      const ready = (status?.containerStatuses ?? []).filter((one: { ready: boolean }) => one.ready).length
      return `${ready}/${spec.containers.length}`
    }),
    col('Status', podStatus),
    col('Restarts', ({ status }) =>
      (status?.containerStatuses ?? []).reduce(
        (sum: number, one: { restartCount: number }) => sum + one.restartCount,
        0,
      ),
    ),
    age,
    col('IP', ({ status }) => status?.podIP ?? '<none>', 1),
    col('Node', ({ spec }) => spec.nodeName ?? '<none>', 1),
  ],
  Deployment: [
    name,
    col('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas}`),
    col('Up-to-date', ({ status }) => status?.updatedReplicas ?? 0),
    col('Available', ({ status }) => status?.availableReplicas ?? 0),
    age,
  ],
  ReplicaSet: [
    name,
    col('Desired', ({ spec }) => spec.replicas ?? 0),
    col('Current', ({ status }) => status?.replicas ?? 0),
    col('Ready', ({ status }) => status?.readyReplicas ?? 0),
    age,
  ],
  StatefulSet: [name, col('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas}`), age],
  Service: [
    name,
    col('Type', ({ spec }) => spec.type),
    col('Cluster-IP', ({ spec }) => spec.clusterIP),
    col('External-IP', () => '<none>'),
    col('Port(s)', ({ spec }) =>
      (spec.ports ?? [])
        .map(({ port, protocol }: { port: number; protocol: string }) => `${port}/${protocol}`)
        .join(','),
    ),
    age,
  ],
  Namespace: [name, col('Status', ({ status }) => status?.phase ?? 'Active'), age],
  Node: [
    name,
    col('Status', ({ status }) => {
      const ready = (status?.conditions ?? []).find((one: { type: string }) => one.type === 'Ready')
      return ready?.status === 'True' ? 'Ready' : 'NotReady'
    }),
    col('Roles', () => 'control-plane'),
    age,
    col('Version', ({ status }) => status?.nodeInfo?.kubeletVersion ?? ''),
  ],
  ConfigMap: [name, col('Data', ({ data }) => Object.keys(data ?? {}).length), age],
  Secret: [name, col('Type', ({ type }) => type), col('Data', ({ data }) => Object.keys(data ?? {}).length), age],
  Event: [
    col('Last Seen', ({ lastTimestamp }) => ageOf(lastTimestamp)),
    col('Type', ({ type }) => type),
    col('Reason', ({ reason }) => reason),
    col('Object', ({ involvedObject }) => `${String(involvedObject?.kind).toLowerCase()}/${involvedObject?.name}`),
    col('Message', ({ message }) => message),
  ],
  Lease: [name, col('Holder', ({ spec }) => spec?.holderIdentity ?? ''), age],
}

function podStatus({ metadata, status }: Stored): string {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating'
  for (const { state } of status?.containerStatuses ?? []) {
    const reason = state?.waiting?.reason ?? state?.terminated?.reason
    if (reason !== undefined) return reason
  }
  return status?.phase ?? 'Unknown'
}

export function tableOf(resource: Resource, objects: Stored[], version: string): object {
  const columns = COLUMNS[resource.kind] ?? customColumns(resource)
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: version },
    columnDefinitions: columns.map(({ name: title, type = 'string', priority = 0 }) => ({
      name: title,
      type,
      format: title === 'Name' ? 'name' : '',
      description: '',
      priority,
    })),
    rows: objects.map((object) => ({
      cells: columns.map(({ value }) => value(object) ?? ''),
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    })),
  }
}

function customColumns({ definition }: Resource): Column[] {
  const own = (definition?.columns ?? []).map(
    ({ name: title, type, jsonPath, priority = 0 }): Column => ({
      name: title,
      priority,
      value(object) {
        const found = readPath(object, jsonPath)
        return type === 'date' ? ageOf(found === undefined ? undefined : String(found)) : (found as string | number)
      },
    }),
  )
  return own.length === 0 ? [name, age] : [name, ...own]
}

/** The part of JSONPath that printer columns use: fields, `[n]`, `[?(@.type=="Ready")]`. */
export function readPath(object: unknown, path: string): unknown {
  let at = object
  for (const [, field, index, key, value] of path.matchAll(
    /\.([\w-]+)|\[(\d+)\]|\[\?\(@\.(\w+)\s*==\s*"([^"]*)"\)\]/g,
  )) {
    if (field !== undefined) at = (at as Record<string, unknown> | undefined)?.[field]
    else if (!Array.isArray(at)) return undefined
    else if (index !== undefined) at = at[Number(index)]
    else at = at.find((one) => (one as Record<string, unknown>)[key ?? ''] === value)
    if (at === undefined || at === null) return undefined
  }
  return at
}

/** As kubectl writes it: `5s`, `3m`, `2h`, `4d`. */
function ageOf(since: string | undefined): string {
  if (since === undefined) return '<unknown>'
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(since)) / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}
