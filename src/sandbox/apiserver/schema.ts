/** Structural schemas of custom resources: defaults, pruning, validation. CEL rules: only `self == oldSelf` is evaluated. */

import type { Schema } from './resources.ts'
import { sameJson } from './same-json.ts'

export interface Cause {
  field: string
  message: string
}

/** Sets defaults and leaves out what the schema does not know: `dropped` gets the paths. */
export function shape(value: unknown, schema: Schema, at = '', dropped: string[] = []): unknown {
  if (Array.isArray(value))
    return schema.items === undefined
      ? value
      : value.map((item, index) => shape(item, schema.items ?? {}, `${at}[${index}]`, dropped))
  if (typeof value !== 'object' || value === null) return value
  const { properties, additionalProperties } = schema
  if (properties === undefined && additionalProperties === undefined) {
    if (schema.type !== 'object' || schema['x-kubernetes-preserve-unknown-fields'] === true) return value
    dropped.push(...Object.keys(value).map((key) => (at === '' ? key : `${at}.${key}`)))
    return {}
  }
  const shaped: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(value)) {
    const known = properties?.[key] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
    const path = at === '' ? key : `${at}.${key}`
    if (known !== undefined) shaped[key] = shape(field, known, path, dropped)
    else if (additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] === true)
      shaped[key] = field
    else dropped.push(path)
  }
  for (const [key, known] of Object.entries(properties ?? {})) {
    if (shaped[key] === undefined && known.default !== undefined)
      shaped[key] = shape(structuredClone(known.default), known)
  }
  return shaped
}

/** What is wrong with a value; `old` is what it was, for rules of change. */
export function check(value: unknown, schema: Schema, field: string, old?: unknown): Cause[] {
  const causes: Cause[] = []
  const wrong = (message: string): void => void causes.push({ field, message })
  if (value === null && schema.nullable === true) return causes
  if (schema.type !== undefined && !isOfType(value, schema.type)) {
    wrong(`Invalid value: must be of type ${schema.type}`)
    return causes
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    wrong(
      `Unsupported value: ${JSON.stringify(value)}: supported values: ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`,
    )
  }
  if (typeof value === 'string') {
    if (value.length < (schema.minLength ?? 0))
      wrong(`Invalid value: should be at least ${schema.minLength} chars long`)
    if (value.length > (schema.maxLength ?? Infinity)) wrong(`Too long: may not be more than ${schema.maxLength} bytes`)
    if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) {
      wrong(`Invalid value: ${JSON.stringify(value)}: should match '${schema.pattern}'`)
    }
  }
  if (typeof value === 'number') {
    if (value < (schema.minimum ?? -Infinity))
      wrong(`Invalid value: ${value}: should be greater than or equal to ${schema.minimum}`)
    if (value > (schema.maximum ?? Infinity))
      wrong(`Invalid value: ${value}: should be less than or equal to ${schema.maximum}`)
  }
  const changed = old !== undefined && !sameJson(old, value)
  for (const { rule, message } of schema['x-kubernetes-validations'] ?? []) {
    if (rule === 'self == oldSelf' && changed) wrong(`Invalid value: ${message}`)
  }
  if (Array.isArray(value)) {
    if (value.length < (schema.minItems ?? 0)) wrong(`Invalid value: should have at least ${schema.minItems} items`)
    if (value.length > (schema.maxItems ?? Infinity)) wrong(`Too many: must have at most ${schema.maxItems} items`)
    causes.push(...value.flatMap((item, index) => check(item, schema.items ?? {}, `${field}[${index}]`)))
  } else if (typeof value === 'object' && value !== null) causes.push(...checkFields(value, schema, field, old))
  return causes
}

function checkFields(value: object, schema: Schema, field: string, old: unknown): Cause[] {
  const fields = value as Record<string, unknown>
  const before = (typeof old === 'object' && old !== null ? old : {}) as Record<string, unknown>
  const at = (key: string): string => (field === '' ? key : `${field}.${key}`)
  const missing = (schema.required ?? []).filter((key) => fields[key] === undefined)
  const causes: Cause[] = missing.map((key) => ({ field: at(key), message: 'Required value' }))
  for (const [key, one] of Object.entries(fields)) {
    const { properties, additionalProperties } = schema
    const known = properties?.[key] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
    if (known !== undefined && one !== undefined) causes.push(...check(one, known, at(key), before[key]))
  }
  return causes
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}
