/** The parts of a request as expressions name them, each read when it is asked for. */
import type { ASTNode } from '@marcbachmann/cel-js'
import type { Budget } from '../budget.ts'
import { grpcPart } from '../grpc.ts'
import { cookiesOf, lookUpCookie, lookUpHeader, lookUpQuery, queriesOf } from '../lookup.ts'
import type { FilterRequest } from '../request.ts'
import { compileNode, type Scope } from './compile.ts'
import type { Evaluate } from './operations.ts'
import { isMap, type Value } from './values.ts'

type Read = (request: FilterRequest, budget: Budget) => Value

/** `request.body` and `jwt.claims` are JSON: what is absent is `""`. */
const PARTS: Record<string, Read> = {
  'request.method': ({ method }) => method,
  'request.path': ({ path }) => path,
  'request.host': ({ host }) => host,
  'request.scheme': ({ scheme }) => scheme,
  'request.sni': ({ sni }) => sni,
  'request.marks': ({ marks }) => marks,
  'request.headers': ({ headers }) => headers,
  'request.query': queriesOf,
  'request.cookies': cookiesOf,
  'request.body': ({ body }) => (body === undefined ? '' : (body as Value)),
  'grpc.service': (request, budget) => grpcPart(request, 'service', budget),
  'grpc.method': (request, budget) => grpcPart(request, 'method', budget),
  'source.ip': ({ source }) => source.ip,
  'source.pod': ({ source }) => source.pod,
  'source.namespace': ({ source }) => source.namespace,
  'jwt.claims': ({ claims }) => (claims === undefined ? '' : (claims as Value)),
}

/** Under a name, without making a map of all headers. */
const NAMED: Record<string, (request: FilterRequest, name: string, budget: Budget) => string> = {
  'request.headers': (request, name, budget) => lookUpHeader(request, name.toLowerCase(), budget),
  'request.query': lookUpQuery,
  'request.cookies': lookUpCookie,
}

/** What it costs to make the map of all, for each entry. */
const ENTRY_STEPS = 16

/** `request.path` as `request.path`; undefined for what is no part, such as fields of what a variable of that name holds. */
export function partName(node: ASTNode, locals: readonly string[]): string | undefined {
  if (node.op !== '.' || node.args[0].op !== 'id' || locals.includes(node.args[0].args)) return undefined
  return `${node.args[0].args}.${node.args[1]}`
}

/** Undefined when the expression is no part of the request. */
export function partOf(node: ASTNode, scope: Scope): Evaluate | undefined {
  const name = partName(node, scope.locals)
  const read = name === undefined ? undefined : PARTS[name]
  if (read !== undefined) {
    return ({ request, budget }) => {
      const value = read(request, budget)
      budget.spend(isMap(value) ? ENTRY_STEPS * value.size : 1)
      return value
    }
  }
  if (node.op !== '.' && node.op !== '[]') return undefined
  const [owner, key] = node.args
  const named = NAMED[partName(owner, scope.locals) ?? '']
  if (named === undefined) return undefined
  const keyOf = typeof key === 'string' ? () => key : compileNode(key, scope)
  return (run) => {
    return named(run.request, String(keyOf(run)), run.budget)
  }
}
