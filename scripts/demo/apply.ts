/** `node scripts/demo/apply.ts FOLDER`: `kubectl apply -f FOLDER` and `kubectl wait`, for machines without kubectl. */
import { apply, manifests } from '../../test/e2e/manifests.ts'
import { clientOf } from '../../test/e2e/place.ts'
import { untilReady } from '../../test/e2e/ready.ts'

const [folder = '.'] = process.argv.slice(2)
const client = clientOf(process.env.KUBECONFIG ?? '')
const objects = manifests(folder)
await apply(client, objects)
for (const { kind, metadata } of objects) process.stdout.write(`${kind.toLowerCase()}/${metadata.name} applied\n`)
const namespaces = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []))
for (const namespace of namespaces) await untilReady(client, namespace)
process.stdout.write('all pods are ready\n')
client.close()
