/** Fields that Kubernetes' own kinds do not have, and values of another type than theirs: what a decoder would refuse. */
import { fieldsOf } from './builtin-fields.ts'
import type { Resource } from './resources.ts'
import { badRequest } from './status.ts'
import type { Stored } from './store.ts'

/** What the server writes and clients send back. */
const SERVERS_OWN = new Set(['apiVersion', 'kind', 'status', 'managedFields', 'selfLink'])
/** Kinds of the table by the group that the table has them of. */
const GROUPS: Record<string, string> = { Event: '' }

/** Undefined where nothing is known of the kind. Throws 400 for values of a wrong type. @returns paths of unknown fields */
export function unknownFields({ kind, group }: Resource, object: Stored): string[] {
  if (GROUPS[kind] !== undefined && GROUPS[kind] !== group) return []
  const unknown: string[] = []
  if (fieldsOf(kind) !== undefined) walk(object, kind, '', unknown)
  return unknown
}

function walk(value: object, message: string, path: string, unknown: string[]): void {
  const known = namesOf(message)
  for (const [key, one] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`
    const field = known.get(key)
    if (field === undefined) {
      if (!SERVERS_OWN.has(key) || (path !== '' && path !== 'metadata')) unknown.push(at)
      continue
    }
    if (one === null || one === undefined) continue
    const { type, shape } = field
    if (shape === 'list') {
      if (!Array.isArray(one)) throw mistyped(at, 'a list')
      one.forEach((item, index) => {
        walkValue(item, type, `${at}[${index}]`, unknown)
      })
    } else if (shape === 'map') {
      if (!isFields(one)) throw mistyped(at, 'a map')
      for (const [name, entry] of Object.entries(one)) walkValue(entry, type, `${at}.${name}`, unknown)
    } else walkValue(one, type, at, unknown)
  }
}

function walkValue(value: unknown, type: string, at: string, unknown: string[]): void {
  if (value === null) return
  switch (type) {
    case 'string':
    case 'bytes':
    case 'time':
      if (typeof value !== 'string') throw mistyped(at, 'a string')
      return
    case 'int':
      if (!Number.isInteger(value)) throw mistyped(at, 'a whole number')
      return
    case 'bool':
      if (typeof value !== 'boolean') throw mistyped(at, 'true or false')
      return
    case 'quantity':
    case 'intOrString':
      if (typeof value !== 'string' && typeof value !== 'number') throw mistyped(at, 'a number or a string')
      return
    case 'list':
      if (!Array.isArray(value)) throw mistyped(at, 'a list')
      return
    default:
      if (!isFields(value)) throw mistyped(at, 'an object')
      walk(value, type, at, unknown)
  }
}

const names = new Map<string, Map<string, { type: string; shape: 'one' | 'list' | 'map' }>>()

/** By their names in JSON, those of embedded messages included. */
function namesOf(message: string): Map<string, { type: string; shape: 'one' | 'list' | 'map' }> {
  let known = names.get(message)
  if (known === undefined) {
    known = new Map()
    for (const { name, type, shape } of fieldsOf(message) ?? []) {
      if (name !== undefined) known.set(name, { type, shape })
      else for (const [inner, field] of namesOf(type)) known.set(inner, field)
    }
    names.set(message, known)
  }
  return known
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mistyped(field: string, wanted: string): Error {
  return badRequest(`the object cannot be decoded: ${field} must be ${wanted}`)
}
