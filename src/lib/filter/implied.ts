/** What terms on gRPC calls say of the request itself, so that they are compared with terms on its method, path and headers. */
import type { Find } from './example.ts'
import { GRPC_CONTENT_TYPE, GRPC_HTTP_METHOD } from './grpc.ts'
import type { Term, TextTerm } from './term.ts'

type GrpcTerm = TextTerm & { kind: 'grpc.service' | 'grpc.method' }

/** Terms that hold wherever all of `terms` do. */
export function impliedByGrpc(terms: readonly Term[], find: Find): Term[] {
  const own = terms.filter((term): term is GrpcTerm => term.kind === 'grpc.service' || term.kind === 'grpc.method')
  if (!own.some((term) => isCall(term, find))) return []
  const implied: Term[] = [
    { kind: 'header', name: 'content-type', test: 'prefix', value: GRPC_CONTENT_TYPE },
    { kind: 'method', value: GRPC_HTTP_METHOD },
  ]
  const service = exact(own, 'grpc.service')
  const method = exact(own, 'grpc.method')
  if (service !== undefined && method !== undefined) implied.push({ kind: 'path', value: `/${service}/${method}` })
  else if (service !== undefined) implied.push({ kind: 'path', test: 'prefix', value: `/${service}/` })
  for (const { kind, test, not, value } of own) {
    if (kind === 'grpc.service' && test === 'prefix' && !not) implied.push({ kind: 'path', test, value: `/${value}` })
  }
  return implied
}

/** Only calls meet it. */
function isCall({ test, not, value }: GrpcTerm, find: Find): boolean {
  if (test === undefined) return (value === '') === (not === true)
  // What is no call has the empty string.
  if (test === 'find') return find(value, '') === (not === true)
  return test === 'prefix' && !not && value !== ''
}

function exact(terms: readonly GrpcTerm[], kind: GrpcTerm['kind']): string | undefined {
  return terms.find((term) => term.kind === kind && term.test === undefined && !term.not && term.value !== '')?.value
}
