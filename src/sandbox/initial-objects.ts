/** What a new cluster has: namespaces, the node, the API server's own Service, the address ranges, the usual roles. */

import { KUBERNETES_VERSION } from './apiserver/discovery.ts'
import { type Store, type Stored, timeNow } from './apiserver/store.ts'
import { NODE_NAME } from './kubelet/kubelet.ts'
import { DNS_ADDRESS, NODE_ADDRESS, POD_CIDR, SERVICE_CIDR } from './network/pod-network.ts'

export const API_ADDRESS = '10.97.0.1'
export const API_PORT = 6443
const RBAC = 'rbac.authorization.k8s.io'

export function createInitialObjects(store: Store): void {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    store.create('namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    })
  }
  store.create('nodes', node())
  store.create('servicecidrs.networking.k8s.io', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: [SERVICE_CIDR] },
    status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: timeNow(), reason: '', message: '' }] },
  })
  createApiService(store)
  createService(store, 'kube-system', 'kube-dns', DNS_ADDRESS, [
    { name: 'dns', port: 53, targetPort: 53, protocol: 'UDP' },
  ])
  for (const [name, rules] of Object.entries(ROLES)) {
    store.create(`clusterroles.${RBAC}`, { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name }, rules })
  }
  store.create(`clusterrolebindings.${RBAC}`, {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'cluster-admin' },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'Group', name: 'system:masters', apiGroup: RBAC }],
  })
}

function node(): Stored {
  const condition = (type: string, status: string, reason: string): object => ({
    type,
    status,
    reason,
    message: '',
    lastTransitionTime: timeNow(),
  })
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE_NAME, labels: { 'kubernetes.io/hostname': NODE_NAME, 'kubernetes.io/os': 'linux' } },
    spec: { podCIDR: POD_CIDR, podCIDRs: [POD_CIDR] },
    status: {
      addresses: [
        { type: 'InternalIP', address: NODE_ADDRESS },
        { type: 'Hostname', address: NODE_NAME },
      ],
      conditions: [
        condition('Ready', 'True', 'KubeletReady'),
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
      ],
      nodeInfo: {
        kubeletVersion: KUBERNETES_VERSION,
        operatingSystem: 'linux',
        architecture: process.arch,
        osImage: 'this machine',
      },
    },
  }
}

function createApiService(store: Store): void {
  createService(store, 'default', 'kubernetes', API_ADDRESS, [
    { name: 'https', port: 443, targetPort: API_PORT, protocol: 'TCP' },
  ])
  store.create('endpointslices.discovery.k8s.io', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [NODE_ADDRESS], conditions: { ready: true } }],
    ports: [{ name: 'https', port: API_PORT, protocol: 'TCP' }],
  })
}

function createService(store: Store, namespace: string, name: string, clusterIP: string, ports: object[]): void {
  store.create('services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], ports, sessionAffinity: 'None' },
    status: { loadBalancer: {} },
  })
}

const ALL = ['*']
const READ = ['get', 'list', 'watch']
const ROLES: Record<string, object[]> = {
  'cluster-admin': [{ apiGroups: ALL, resources: ALL, verbs: ALL }],
  admin: [{ apiGroups: ALL, resources: ALL, verbs: ALL }],
  edit: [{ apiGroups: ['', 'apps', 'batch'], resources: ALL, verbs: [...READ, 'create', 'update', 'patch', 'delete'] }],
  view: [{ apiGroups: ['', 'apps', 'batch', 'discovery.k8s.io'], resources: ALL, verbs: READ }],
}
