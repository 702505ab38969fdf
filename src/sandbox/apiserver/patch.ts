/** Patches: merge (RFC 7396), JSON patch (RFC 6902), and Kubernetes' strategic merge, in which lists of things with a key merge by it. */
import { sameJson } from './same-json.ts'
import { badRequest, StatusError } from './status.ts'

type Json = unknown
type Fields = Record<string, Json>

export function mergePatch(target: Json, patch: Json): Json {
  if (!isFields(patch)) return patch
  const result: Fields = isFields(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}

/** Keys by which lists merge, by the field's name. What is not here is replaced as a whole. */
const MERGE_KEYS: Record<string, string[]> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  volumeMounts: ['mountPath'],
  ports: ['containerPort', 'port'],
  conditions: ['type'],
  imagePullSecrets: ['name'],
  secrets: ['name'],
  ownerReferences: ['uid'],
  tolerations: [],
  hostAliases: ['ip'],
  addresses: ['type'],
}

export function strategicPatch(target: Json, patch: Json, field = ''): Json {
  if (Array.isArray(patch)) return mergeLists(Array.isArray(target) ? target : [], patch, MERGE_KEYS[field] ?? [])
  if (!isFields(patch)) return patch
  if (patch.$patch === 'replace') return without(patch, ['$patch'])
  const result: Fields = isFields(target) ? { ...target } : {}
  if (Array.isArray(patch.$retainKeys)) {
    for (const key of Object.keys(result)) if (!patch.$retainKeys.includes(key)) delete result[key]
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$retainKeys' || key === '$patch' || key.startsWith('$setElementOrder/')) continue
    const primitive = /^\$deleteFromPrimitiveList\/(.+)$/.exec(key)?.[1]
    if (primitive !== undefined) {
      const list = result[primitive]
      if (Array.isArray(list) && Array.isArray(value)) result[primitive] = list.filter((one) => !value.includes(one))
    } else if (value === null) delete result[key]
    else result[key] = strategicPatch(result[key], value, key)
  }
  return result
}

function mergeLists(target: Json[], patch: Json[], keys: string[]): Json[] {
  if (patch.some((one) => isFields(one) && one.$patch === 'replace'))
    return patch.filter((one) => !isFields(one) || one.$patch !== 'replace')
  const key = keys.find((one) => patch.every((item) => isFields(item) && item[one] !== undefined))
  if (key === undefined) return patch
  const result = [...target]
  for (const item of patch as Fields[]) {
    const at = result.findIndex((one) => isFields(one) && one[key] === item[key])
    if (item.$patch === 'delete') {
      if (at >= 0) result.splice(at, 1)
    } else if (at >= 0) result[at] = strategicPatch(result[at], item)
    else result.push(item)
  }
  return result
}

interface Operation {
  op: string
  path: string
  from?: string
  value?: Json
}

/** Throws 400 for what cannot be applied, 422 for a test that fails. */
export function jsonPatch(target: Json, operations: Json): Json {
  if (!Array.isArray(operations)) throw badRequest('a JSON patch is a list of operations')
  let result = structuredClone(target)
  for (const operation of operations as Operation[]) result = applyOperation(result, operation)
  return result
}

function applyOperation(target: Json, { op, path, from, value }: Operation): Json {
  switch (op) {
    case 'add':
      return put(target, pointer(path), value, true)
    case 'replace':
      read(target, pointer(path))
      return put(target, pointer(path), value, false)
    case 'remove':
      return take(target, pointer(path))
    case 'test':
      if (!sameJson(read(target, pointer(path)), value))
        throw new StatusError(422, 'Invalid', `testing path ${path} failed`)
      return target
    case 'copy':
      return put(target, pointer(path), structuredClone(read(target, pointer(from ?? ''))), true)
    case 'move': {
      const moved = read(target, pointer(from ?? ''))
      return put(take(target, pointer(from ?? '')), pointer(path), moved, true)
    }
    default:
      throw badRequest(`unknown operation "${op}"`)
  }
}

function pointer(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function read(target: Json, path: string[]): Json {
  let at = target
  for (const part of path) {
    at = Array.isArray(at) ? at[Number(part)] : isFields(at) ? at[part] : undefined
    if (at === undefined) throw badRequest(`the path /${path.join('/')} does not exist`)
  }
  return at
}

function put(target: Json, path: string[], value: Json, insert: boolean): Json {
  const last = path.at(-1)
  if (last === undefined) return value
  const parent = read(target, path.slice(0, -1))
  if (Array.isArray(parent)) parent.splice(last === '-' ? parent.length : Number(last), insert ? 0 : 1, value)
  else if (isFields(parent)) parent[last] = value
  return target
}

function take(target: Json, path: string[]): Json {
  const last = path.at(-1) ?? ''
  read(target, path)
  const parent = read(target, path.slice(0, -1))
  if (Array.isArray(parent)) parent.splice(Number(last), 1)
  else if (isFields(parent)) delete parent[last]
  return target
}

function without(fields: Fields, keys: string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !keys.includes(key)))
}

function isFields(value: Json): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
