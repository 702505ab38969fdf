/** Objects for the tests of this folder. */
import type { Intercept, Session } from '../../kube/resources.ts'
import type { Pod, Service, Workload } from '../kinds.ts'
import type { NamespaceView } from './workload.ts'

let count = 0

export function intercept(spec: Partial<Intercept['spec']>, metadata: Partial<Intercept['metadata']> = {}): Intercept {
  count++
  const name = metadata.name ?? `i${count}`
  return {
    apiVersion: 'remocal.dev/v1alpha1',
    kind: 'Intercept',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: {
      mode: 'intercept',
      workload: { kind: 'Deployment', name: 'orders' },
      ports: [{ port: 8080, target: 8080 }],
      filter: '"jane-1" in request.marks',
      priority: 0,
      session: 'jane',
      owner: 'jane',
      ...spec,
    },
  }
}

export function session(name: string): Session {
  return {
    apiVersion: 'remocal.dev/v1alpha1',
    kind: 'Session',
    metadata: { name, namespace: 'remocal-system' },
    spec: { owner: name, publicKey: `key of ${name}` },
  }
}

/** A Deployment `orders` with a ReplicaSet, pods, and a Service to the port named `http`. */
export function shop(phases: string[] = ['Running', 'Running']): NamespaceView {
  const containers = [
    {
      name: 'app',
      ports: [{ name: 'http', containerPort: 8080 }],
      readinessProbe: { httpGet: { path: '/health', port: 'http' } },
      livenessProbe: { tcpSocket: { port: 8080 } },
    },
  ]
  const owned = (kind: string, uid: string): { ownerReferences: NonNullable<Pod['metadata']['ownerReferences']> } => ({
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name: uid, uid, controller: true }],
  })
  const labels = { app: 'orders' }
  const workloads: Workload[] = [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'orders', namespace: 'shop', uid: 'd' },
      spec: { template: { metadata: { labels }, spec: { containers } } },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'orders-1', namespace: 'shop', uid: 'r', ...owned('Deployment', 'd') },
      spec: {},
    },
  ]
  const pods = phases.map(
    (phase, index): Pod => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `orders-1-${index}`, namespace: 'shop', uid: `p${index}`, labels, ...owned('ReplicaSet', 'r') },
      spec: { containers },
      status: { phase },
    }),
  )
  const services: Service[] = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'orders', namespace: 'shop' },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    },
  ]
  return { pods, services, workloads }
}
