/** The parts of Kubernetes' own objects that managers look at. */
import type { KubeObject } from '../kube/resources.ts'

export interface ContainerPort {
  name?: string
  containerPort: number
  protocol?: string
}

export interface Handler {
  httpGet?: { path?: string; port: number | string }
  tcpSocket?: { port: number | string }
}

export interface Container {
  name: string
  image?: string
  args?: string[]
  ports?: ContainerPort[]
  readinessProbe?: Handler
  livenessProbe?: Handler
  startupProbe?: Handler
}

export interface ContainerStatus {
  name: string
  ready?: boolean
  state?: {
    running?: object
    waiting?: { reason?: string; message?: string }
    terminated?: { exitCode?: number; reason?: string; finishedAt?: string }
  }
}

export interface Pod extends KubeObject {
  spec: {
    containers: Container[]
    ephemeralContainers?: (Container & { targetContainerName?: string })[]
    nodeName?: string
    hostNetwork?: boolean
  }
  status?: {
    phase?: string
    podIP?: string
    conditions?: { type: string; status: string }[]
    containerStatuses?: ContainerStatus[]
    ephemeralContainerStatuses?: ContainerStatus[]
  }
}

export interface Service extends KubeObject {
  spec: {
    selector?: Record<string, string>
    type?: string
    clusterIP?: string
    ports?: { name?: string; port: number; targetPort?: number | string; nodePort?: number; protocol?: string }[]
  }
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } }
}

export interface Node extends KubeObject {
  spec: { podCIDRs?: string[]; podCIDR?: string }
  status?: { addresses?: { type: string; address: string }[] }
}

/** Deployment, StatefulSet, DaemonSet, ReplicaSet: only that they exist and what owns them counts. */
export interface Workload extends KubeObject {
  spec: { template?: { metadata?: { labels?: Record<string, string> }; spec?: { containers: Container[] } } }
}
