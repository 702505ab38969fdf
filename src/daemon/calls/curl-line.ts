import type { InterceptPort } from '../../kube/resources.ts'
import { readTerms } from '../../lib/filter/conjunction.ts'
import { curlRequest } from '../../lib/filter/curl.ts'
import { type Term, writeTerms } from '../../lib/filter/term.ts'
import type { Way } from '../ports.ts'

/** How Services name ports of gRPC: `grpc`, `grpc-orders`. */
const GRPC_PORT = /^grpc(-|$)/

/**
 * A command that sends a request for which the filter is true, from any shell of this laptop: of curl, or of grpcurl where it is a call of gRPC.
 * Undefined when none can be derived.
 * @param ways by which Services lead to the workload
 */
export function curlLine(filter: string, namespace: string, [port]: InterceptPort[], ways: Way[]): string | undefined {
  const way = ways.find((one) => one.service === port?.service && one.port === port.port)
  if (way === undefined) return undefined
  const terms = readTerms(filter) ?? []
  const isGrpc = terms.some(isGrpcTerm) || GRPC_PORT.test(way.name ?? '')
  const words = isGrpc ? grpcurl(terms, way) : curl(filter, way)
  if (words === undefined) return undefined
  return [
    `remocal run -n ${namespace} --`,
    ...words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)),
  ].join(' ')
}

function curl(filter: string, { service, servicePort }: Way): string[] | undefined {
  const sent = curlRequest(filter)
  if (sent === undefined) return undefined
  const address =
    servicePort === 443
      ? `https://${service}${sent.target}`
      : `http://${service}${servicePort === 80 ? '' : `:${servicePort}`}${sent.target}`
  return ['curl', ...sent.flags, address]
}

/** Which call, only the filter can say: a port alone does not. */
function grpcurl(terms: readonly Term[], { service, servicePort }: Way): string[] | undefined {
  const exact = (kind: Term['kind']): string[] =>
    terms.flatMap((term) => (term.kind === kind && 'value' in term && !term.test && !term.not ? [term.value] : []))
  const [name] = exact('grpc.service')
  const [method] = exact('grpc.method')
  const sent = curlRequest(writeTerms(terms.filter((term) => !isGrpcTerm(term))))
  // It sets headers, and nothing else of HTTP.
  if (name === undefined || method === undefined || sent === undefined || sent.target !== '/') return undefined
  if (sent.flags.some((flag, at) => at % 2 === 0 && flag !== '-H')) return undefined
  const secure = servicePort === 443 ? [] : ['-plaintext']
  return ['grpcurl', ...secure, ...sent.flags, `${service}:${servicePort}`, `${name}/${method}`]
}

function isGrpcTerm({ kind }: Term): boolean {
  return kind.startsWith('grpc.')
}
