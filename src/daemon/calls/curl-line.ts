import type { InterceptPort } from '../../kube/resources.ts'
import { curlFlags } from '../../lib/filter/terms.ts'
import type { ServiceView } from '../ports.ts'

/** A command that sends a request for which the filter is true; undefined when none can be derived. */
export function curlLine(
  filter: string,
  namespace: string,
  ports: InterceptPort[],
  services: ServiceView[],
): string | undefined {
  const flags = curlFlags(filter)
  const [port] = ports
  const service = services.find(({ name }) => name === port?.service)
  if (flags === undefined || port === undefined || service === undefined) return undefined
  const way = service.ports.find(({ targetPort }) => targetPort === port.port) ?? service.ports[0]
  const address = `http://${service.name}.${namespace}${way === undefined || way.port === 80 ? '' : `:${way.port}`}/`
  return [
    'curl',
    ...flags.map((flag) => (/^[\w@%+=:,./-]+$/.test(flag) ? flag : `'${flag.replaceAll("'", `'\\''`)}'`)),
    address,
  ].join(' ')
}
