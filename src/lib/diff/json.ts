/** Two JSON documents by their structure. */
import type { Difference } from './difference.ts'
import { Findings } from './findings.ts'
import { isStep, type Pattern, type Step, writePath } from './path.ts'

export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json }

/** More levels are not looked at: the document is compared by its bytes. */
const MAX_DEPTH = 500
/** Characters of a value that are shown. */
const SHOWN = 200

/** Undefined when it is no JSON, or nested too deeply to be looked at. */
export function readJson(text: string): Json | undefined {
  try {
    const value = JSON.parse(text, exactly) as Json
    return isDeeper(value, MAX_DEPTH) ? undefined : value
  } catch {
    return undefined
  }
}

/** @param ignored places that are not looked at, with all below them */
export function diffJson(
  app: Json,
  laptop: Json,
  ignored: readonly Pattern[],
  into: Findings = new Findings(),
): Difference[] {
  walk(app, laptop, [], ignored, into)
  return into.all
}

/**
 * @param ignored patterns whose first steps, as many as the path has, match the path
 */
function walk(
  a: Json | undefined,
  b: Json | undefined,
  path: Step[],
  ignored: readonly Pattern[],
  into: Findings,
): void {
  if (ignored.some((pattern) => pattern.length === path.length)) return
  const down = (step: Step, left: Json | undefined, right: Json | undefined): void => {
    const still = ignored.filter((pattern) => isStep(pattern[path.length], step))
    path.push(step)
    walk(left, right, path, still, into)
    path.pop()
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.max(a.length, b.length); index++) down(index, a[index], b[index])
  } else if (isObject(a) && isObject(b)) {
    for (const key of Object.keys(a)) down(key, a[key], Object.hasOwn(b, key) ? b[key] : undefined)
    for (const key of Object.keys(b)) if (!Object.hasOwn(a, key)) down(key, undefined, b[key])
  } else if (a !== b) into.add(writePath(path), show(a), show(b))
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function show(value: Json | undefined): string | undefined {
  if (value === undefined) return undefined
  const text = JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? `${one}` : one))
  const shown = typeof value === 'bigint' ? `${value}` : text
  return shown.length > SHOWN ? `${shown.slice(0, SHOWN)}…` : shown
}

/** Numbers that a double would change are kept as they are written, where the engine says how that is. */
function exactly(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
}

function isDeeper(value: Json, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return limit === 0 || Object.values(value).some((one) => isDeeper(one, limit - 1))
}
