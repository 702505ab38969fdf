import type { InterceptPort } from '../../kube/resources.ts'
import { curlRequest } from '../../lib/filter/curl.ts'
import type { Way } from '../ports.ts'

/**
 * A command that sends a request for which the filter is true, from any shell of this laptop; undefined when none can be derived.
 * @param ways by which Services lead to the workload
 */
export function curlLine(filter: string, namespace: string, [port]: InterceptPort[], ways: Way[]): string | undefined {
  const sent = curlRequest(filter)
  const way = ways.find((one) => one.service === port?.service && one.port === port.port)
  if (sent === undefined || way === undefined) return undefined
  const { service, servicePort } = way
  const address =
    servicePort === 443
      ? `https://${service}${sent.target}`
      : `http://${service}${servicePort === 80 ? '' : `:${servicePort}`}${sent.target}`
  return [
    `remocal run -n ${namespace} -- curl`,
    ...[...sent.flags, address].map((word) =>
      /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`,
    ),
  ].join(' ')
}
