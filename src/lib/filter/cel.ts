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
    if (type !== 'bool') throw new FilterError(cel, `the expression is a ${type}, not true or false`)
    prepare(checked.ast, cel, false)
    const evaluate = environment.parse(joinSurrogates(serialize(checked.ast)))
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

const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

/** Renames the calls of `matches`, and refuses what has no bounded cost or means nothing here. */
function prepare(node: ASTNode, cel: string, inLoop: boolean): void {
  const mistake = (message: string, at = node.start): FilterError => new FilterError(cel, message, at)
  if (node.op === 'in' && isLookup(node.args[1])) {
    throw mistake('what is absent is "": compare with "" instead of asking by "in"')
  }
  if (node.op === 'call' && node.args[0] === 'has')
    throw mistake('what is absent is "": compare with "" instead of has()')
  if (node.op === '[]' && isRequest(node.args[0])) throw mistake('fields of the request are written request.path')
  const name = node.op === 'rcall' ? node.args[0] : undefined
  // Each loop may run as often as a head has entries: two within each other could stall the pod.
  const loops = name !== undefined && LOOPS.has(name)
  if (loops && inLoop) throw mistake(`${name} stands within another loop, which could take too long`)
  if (name === LINEAR) throw mistake(`${LINEAR} is no function; say matches`)
  if (node.op === 'rcall' && name === 'matches') {
    ;(node.args as unknown[])[0] = LINEAR
    const [pattern] = node.args[2]
    if (pattern?.op !== 'value' || typeof pattern.args !== 'string') throw mistake('the pattern must be a plain string')
    try {
      patternOf(pattern.args)
    } catch (error) {
      throw mistake(`not a pattern of RE2: ${(error as Error).message}`, pattern.start)
    }
  }
  for (const child of nodesIn(node.args)) prepare(child, cel, inLoop || loops)
}

function isRequest(node: ASTNode): boolean {
  return node.op === 'id' && node.args === 'request'
}

/** The engine writes a character beyond U+FFFF as two escapes, which it cannot read. */
function joinSurrogates(cel: string): string {
  return cel.replaceAll(/\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})/gi, (whole, high?: string, low?: string) =>
    high === undefined || low === undefined
      ? whole
      : String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)),
  )
}

function isLookup({ op, args }: ASTNode): boolean {
  return op === '.' && isRequest(args[0]) && (args[1] === 'headers' || args[1] === 'query')
}

function* nodesIn(value: unknown): Generator<ASTNode> {
  if (Array.isArray(value)) for (const one of value) yield* nodesIn(one)
  else if (typeof value === 'object' && value !== null && 'op' in value) yield value as ASTNode
}

function contextOf({ method, path, host, queries: query, headers, marks }: FilterRequest): object {
  const lower = lookup(headers, (name) => name.toLowerCase())
  return { method, path, host, marks: [...marks], headers: lower, query: lookup(query, (name) => name) }
}

/** A map in which what is absent is `""`. The engine takes nothing but a plain Map, so its method is replaced. */
function lookup(entries: ReadonlyMap<string, string>, keyOf: (name: string) => string): Map<string, string> {
  const map = new Map(entries)
  map.get = (name) => entries.get(keyOf(name)) ?? ''
  return map
}
