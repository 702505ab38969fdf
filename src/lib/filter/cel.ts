/** Filters that need the CEL engine. */
import { type ASTNode, Environment, serialize } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'
import { FilterError } from './filter-error.ts'
import type { FilterRequest } from './request.ts'

const MAX_NODES = 300
const MAX_DEPTH = 40
/** The engine's own `matches` is a JavaScript RegExp, which can stall for seconds: calls go to this one instead. */
const LINEAR = 'matchesLinear'
const MAX_PATTERNS = 100

const patterns = new Map<string, RE2JS>()

/** A pattern, compiled once. Throws when it is none. */
function patternOf(source: string): RE2JS {
  const known = patterns.get(source)
  if (known !== undefined) return known
  const pattern = RE2JS.compile(source)
  if (patterns.size >= MAX_PATTERNS) patterns.clear()
  patterns.set(source, pattern)
  return pattern
}

const environment = new Environment({ limits: { maxAstNodes: MAX_NODES, maxDepth: MAX_DEPTH } })
  .registerVariable({
    name: 'request',
    schema: {
      method: 'string',
      path: 'string',
      host: 'string',
      query: 'map<string, string>',
      headers: 'map<string, string>',
      marks: 'list<string>',
    },
  })
  .registerFunction(`string.${LINEAR}(string): bool`, (text: string, source: string) =>
    patternOf(source).matcher(text).find(),
  )

interface CelError {
  summary?: string
  message: string
  range?: { start: number }
}

/** Throws a `FilterError`. */
export function compileCel(cel: string): (request: FilterRequest) => boolean {
  try {
    const checked = environment.parse(cel)
    const { valid, type, error } = checked.check()
    if (!valid) throw error
    if (type !== 'bool' && type !== 'dyn') throw new FilterError(cel, `the expression is a ${type}, not true or false`)
    useLinear(checked.ast, cel)
    const evaluate = environment.parse(serialize(checked.ast))
    return (request) => {
      try {
        return evaluate({ request: contextOf(request) }) === true
      } catch {
        return false
      }
    }
  } catch (error) {
    if (error instanceof FilterError) throw error
    const { summary, message, range } = error as CelError
    throw new FilterError(
      cel,
      (summary ?? message).replace(/^./, (first) => first.toLowerCase()),
      range?.start,
    )
  }
}

/** Renames the calls of `matches`; refuses patterns that are none, and asking whether a header is there: absent is `""`. */
function useLinear(node: ASTNode, cel: string): void {
  if (node.op === 'in' && isLookup(node.args[1])) {
    throw new FilterError(cel, 'what is absent is "": compare with "" instead of asking by "in"', node.start)
  }
  if (node.op === 'rcall' && node.args[0] === 'matches') {
    ;(node.args as unknown[])[0] = LINEAR
    const [pattern] = node.args[2]
    if (pattern?.op === 'value' && typeof pattern.args === 'string') {
      try {
        patternOf(pattern.args)
      } catch (error) {
        throw new FilterError(cel, `not a pattern of RE2: ${(error as Error).message}`, pattern.start)
      }
    }
  }
  for (const child of nodesIn(node.args)) useLinear(child, cel)
}

function isLookup({ op, args }: ASTNode): boolean {
  return op === '.' && (args[1] === 'headers' || args[1] === 'query')
}

function* nodesIn(value: unknown): Generator<ASTNode> {
  if (Array.isArray(value)) for (const one of value) yield* nodesIn(one)
  else if (typeof value === 'object' && value !== null && 'op' in value) yield value as ASTNode
}

function contextOf({ method, path, host, query, headers, marks }: FilterRequest): object {
  const lower = lookup(headers, (name) => name.toLowerCase())
  return { method, path, host, marks: [...marks], headers: lower, query: lookup(query, (name) => name) }
}

/** A map in which what is absent is `""`. The engine takes nothing but a plain Map, so its method is replaced. */
function lookup(entries: ReadonlyMap<string, string>, keyOf: (name: string) => string): Map<string, string> {
  const map = new Map(entries)
  map.get = (name) => entries.get(keyOf(name)) ?? ''
  return map
}
