import { fault } from '../../diagnose/catalogue.ts'
import type { InterceptPort } from '../../kube/resources.ts'
import type { Clusters } from '../clusters.ts'
import { shortName } from '../workload.ts'

/** Without a command the program listens on this laptop: one port cannot serve two attachments. Throws RC-L-108. */
export function refuseBusyPorts(clusters: Clusters, ports: InterceptPort[]): void {
  for (const { attachments } of clusters) {
    for (const attachment of attachments) {
      if (attachment.isPlaced) continue
      const busy = ports.find(({ target }) => attachment.ports.some((other) => other.target === target))
      if (busy === undefined) continue
      const holder = shortName(attachment.workload)
      throw fault(
        'RC-L-108',
        `Cannot lead requests to port ${busy.target} of this laptop: ${holder} in ${attachment.namespace} has it. Nothing was changed.`,
        [`name another one: --port ${busy.port}:OTHER`, `remocal leave ${attachment.name}`],
      )
    }
  }
}
