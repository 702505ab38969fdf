import type { InterceptPort } from '../../kube/resources.ts'
import { curlFlags } from '../../lib/filter/terms.ts'
import type { Way } from '../ports.ts'

/**
 * A command that sends a request for which the filter is true, from any shell of this laptop; undefined when none can be derived.
 * @param ways by which Services lead to the workload
 */
export function curlLine(filter: string, namespace: string, [port]: InterceptPort[], ways: Way[]): string | undefined {
  const flags = curlFlags(filter)
  const way = ways.find((one) => one.service === port?.service && one.port === port.port)
  if (flags === undefined || way === undefined) return undefined
  const address = `http://${way.service}${way.servicePort === 80 ? '' : `:${way.servicePort}`}/`
  return [
    `remocal run -n ${namespace} -- curl`,
    ...flags.map((flag) => (/^[\w@%+=:,./-]+$/.test(flag) ? flag : `'${flag.replaceAll("'", `'\\''`)}'`)),
    address,
  ].join(' ')
}
