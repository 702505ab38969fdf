/** EndpointSlices: the pods behind each Service, and which of them are ready. */
import type { Store, Stored } from '../apiserver/store.ts'
import { isEnding, isReady, ownerOf } from './pods-of.ts'

const SLICES = 'endpointslices.discovery.k8s.io'

interface Port {
  name?: string
  port: number
  targetPort: number | string
  protocol?: string
}

export function reconcileEndpointSlices(store: Store): void {
  for (const service of store.list('services')) {
    if (Object.keys(service.spec.selector ?? {}).length > 0 && !isEnding(service)) reconcile(store, service)
  }
}

function reconcile(store: Store, service: Stored): void {
  const { namespace = '', name } = service.metadata
  const selector = Object.entries(service.spec.selector as Record<string, string>)
  const pods = store
    .list('pods', namespace)
    .filter(
      ({ metadata, status }) =>
        status?.podIP !== undefined && selector.every(([key, value]) => metadata.labels?.[key] === value),
    )
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))
  const wishes = {
    addressType: 'IPv4',
    endpoints: pods.map((pod) => {
      const ready = (isReady(pod) || service.spec.publishNotReadyAddresses === true) && !isEnding(pod)
      return {
        addresses: [pod.status.podIP],
        conditions: { ready, serving: isReady(pod), terminating: isEnding(pod) },
        ...(pod.spec.hostname !== undefined && pod.spec.subdomain === name && { hostname: pod.spec.hostname }),
        nodeName: pod.spec.nodeName,
        targetRef: { kind: 'Pod', name: pod.metadata.name, namespace, uid: pod.metadata.uid },
      }
    }),
    ports: ((service.spec.ports ?? []) as Port[]).map(({ name: portName = '', targetPort, protocol = 'TCP' }) => ({
      name: portName,
      port: typeof targetPort === 'number' ? targetPort : numberOf(pods, targetPort),
      protocol,
    })),
  }
  const sliceName = `${name}-sandbox`
  if (store.find(SLICES, namespace, sliceName) === undefined) {
    store.create(SLICES, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: sliceName,
        namespace,
        labels: { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'sandbox' },
        ownerReferences: [ownerOf(service)],
      } as Stored['metadata'],
      ...wishes,
    })
  } else store.edit(SLICES, namespace, sliceName, (object) => Object.assign(object, wishes))
}

/** A named port, as the first pod that has it says. */
function numberOf(pods: Stored[], name: string): number | undefined {
  for (const { spec } of pods) {
    for (const { ports = [] } of spec.containers as { ports?: { name?: string; containerPort: number }[] }[]) {
      const found = ports.find((port) => port.name === name)
      if (found !== undefined) return found.containerPort
    }
  }
  return undefined
}
