/** What the parts of Remocal said last, for whoever has to find out why a scenario failed. */
import { INSTALLATION, type KubeObject } from '../../src/kube/resources.ts'
import { clientOf } from './place.ts'

const LINES = 60

interface Pod extends KubeObject {
  spec: { containers: { name: string }[]; ephemeralContainers?: { name: string }[] }
}

/** The last lines of managers, dialers and agents, each under its name. */
export async function lastLogs(kubeconfig: string): Promise<string> {
  const client = clientOf(kubeconfig)
  const texts: string[] = []
  const add = (name: string, text: string): void => {
    texts.push(`== ${name}\n${text.trimEnd().split('\n').slice(-LINES).join('\n')}\n`)
  }
  for (const namespace of [INSTALLATION.namespace, 'shop']) {
    const { items } = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace })
    for (const { metadata, spec } of items) {
      const own = namespace === 'shop' ? (spec.ephemeralContainers ?? []) : spec.containers
      for (const container of own) {
        const of = { namespace, name: metadata.name, container: container.name }
        add(`${metadata.name} ${container.name}`, await client.log(of).catch((error: Error) => error.message))
      }
    }
  }
  client.close()
  return texts.join('')
}
