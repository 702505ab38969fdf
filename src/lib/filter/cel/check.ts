/** What a filter may not say although it is CEL, and what it needs to know. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { FilterError } from '../filter-error.ts'
import { patternSize } from '../pattern/size.ts'
import type { FilterNeeds } from '../request.ts'
import { FUNCTIONS, METHODS } from './functions.ts'
import { hintOf } from './hint.ts'
import { LOOPS } from './loops.ts'
import { partName } from './parts.ts'

const LOOKUPS = new Set(['request.headers', 'request.query', 'request.cookies'])
const VARIABLES = new Set(['request', 'source', 'grpc', 'jwt'])

/** Of all patterns of a filter: a bound on what it takes to make them, and on their memory. */
const MAX_PATTERNS_SIZE = 6000

interface Found {
  body: boolean
  source: boolean
  patternsSize: number
}

/** Throws a `FilterError`. */
export function checkCel(tree: ASTNode): FilterNeeds {
  const needs: Found = { body: false, source: false, patternsSize: 0 }
  visit(tree, [], needs)
  return { body: needs.body, source: needs.source }
}

function visit(node: ASTNode, locals: readonly string[], needs: Found): void {
  const mistake = (message: string): FilterError =>
    new FilterError(node.input, `${message}${hintOf(node.input, message, node.start)}`, node.start)
  const part = partName(node, locals)
  if (part === 'request.body') needs.body = true
  if (part === 'source.pod' || part === 'source.namespace') needs.source = true
  switch (node.op) {
    case 'id':
      if (locals.includes(node.args)) return
      throw mistake(
        VARIABLES.has(node.args) ? `fields are written ${node.args}.name` : `"${node.args}" means nothing in filters`,
      )
    case 'value':
      if (node.args instanceof Uint8Array) throw mistake('filters have no bytes')
      return
    case 'in':
      if (LOOKUPS.has(partName(node.args[1], locals) ?? ''))
        throw mistake('what is absent is "": compare with "" instead of asking by "in"')
      break
    case 'call':
      if (node.args[0] === 'has') throw mistake('what is absent is "": compare with "" instead of has()')
      if (!Object.hasOwn(FUNCTIONS, node.args[0])) throw mistake(`filters have no function ${node.args[0]}`)
      break
    case 'rcall': {
      const [name, receiver, args] = node.args
      if (LOOPS.has(name)) {
        const [variable, ...rest] = args
        visit(receiver, locals, needs)
        const inner = [...locals, variable?.op === 'id' ? variable.args : '']
        for (const one of rest) visit(one, inner, needs)
        return
      }
      if (name === 'matches' && args[0]?.op === 'value') {
        needs.patternsSize += patternSize(String(args[0].args))
        if (needs.patternsSize > MAX_PATTERNS_SIZE) {
          throw new FilterError(node.input, 'the patterns are too large to be matched in time', args[0].start)
        }
      }
      if (name !== 'matches' && !Object.hasOwn(METHODS, name)) throw mistake(`filters have no function ${name}`)
      break
    }
    case '.?':
    case '[?]':
      throw mistake('what is absent is "": no ? is needed')
  }
  // The variable itself stands before the field.
  if (part !== undefined) return
  for (const child of nodesIn(node.args)) visit(child, locals, needs)
}

function* nodesIn(value: unknown): Generator<ASTNode> {
  if (Array.isArray(value)) for (const one of value) yield* nodesIn(one)
  else if (typeof value === 'object' && value !== null && 'op' in value) yield value as ASTNode
}
