/** The custom resources of `remocal.dev/v1alpha1` and the names of everything that an installation consists of. */

export const GROUP = 'remocal.dev'
export const VERSION = 'v1alpha1'

/** Names inside the manager's namespace. */
export const INSTALLATION = {
  namespace: 'remocal-system',
  /** StatefulSet, its headless Service, ServiceAccount, Lease. Pods are `remocal-manager-<n>`. */
  manager: 'remocal-manager',
  /** Service with an address of its own: how agents find a first manager; a headless name may be cached as absent. */
  carriers: 'remocal-managers',
  /** Service through which daemons reach managers from outside, where the installation is exposed. */
  outside: 'remocal-outside',
  /** Deployment and ServiceAccount (without any right). */
  dialer: 'remocal-dialer',
  /** ConfigMap `{publicKey, version, replicas, port, image, reach?}`: what daemons read first. */
  configMap: 'remocal',
  /** Secret `{privateKey}` (PKCS8 PEM): only managers read it. */
  secret: 'remocal-signing-key',
  /** TCP port of the managers for carriers. */
  port: 7070,
} as const

export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason: string
  /** The sentence for people. */
  message: string
  lastTransitionTime: string
  observedGeneration?: number
}

export interface Metadata {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[]
  finalizers?: string[]
}

export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: Metadata
}

export interface Session extends KubeObject {
  spec: {
    /** The caller's user name; the API server holds it to that (admission policy). */
    owner: string
    groups?: string[]
    /** The daemon's public key, base64 SPKI. Immutable. */
    publicKey: string
    /** What person it is, for other people: host name of the laptop. */
    host?: string
  }
  status?: {
    /** Written by the manager that has the session's carrier, every 20 s. */
    lastSeen?: string
    manager?: string
    conditions?: Condition[]
  }
}

export interface InterceptPort {
  /** Service through which it was named, if any. */
  service?: string
  /** Container port that is taken over. */
  port: number
  /** Port on the laptop. */
  target: number
}

export interface AgentRow {
  pod: string
  podUid: string
  /** Ephemeral container that is the agent. */
  container: string
  /** Agent's public key; absent until the manager has read it. */
  publicKey?: string
  state: 'STARTING' | 'SYNCED' | 'STALE' | 'NOT SENT' | 'ERROR' | 'DISCONNECTED' | 'UNKNOWN'
  sent?: number
  acknowledged?: number
  /** What the agent does now: `laptop`, `app`. */
  routeNow?: string
  message?: string
}

/** What is copied of a workload's requests. */
export interface WiretapSpec {
  /** Share of the requests that match, above 0, at most 100. */
  percent: number
  /** Copies a second, of all pods together. Undefined: as many as there are. */
  maxRps?: number
  /** The app's answers are copied too. */
  diff: boolean
}

/** What a watch tells of. */
export interface WatchSpec {
  /** A mark of its own, so that nobody else's requests count. */
  mark: string
  /** Trace id: 32 hexadecimal digits. */
  trace: string
  /** Addresses whose unmarked requests are told of too. */
  from: string[]
}

export interface Intercept extends KubeObject {
  spec: {
    mode: 'intercept' | 'wiretap' | 'watch'
    workload: { kind: string; name: string }
    container?: string
    ports: InterceptPort[]
    /** CEL; the empty string takes everything. */
    filter: string
    /** Higher wins. Default 0. */
    priority: number
    /** Who answers when nothing listens on the laptop. Default: the app. */
    ifDown?: 'app' | 'error'
    /**
     * Its holder may look into TLS connections (verb `tls`). `cert` and `key`: paths in the pod of the app's certificate and key, where they are
     * not found. `plaintext`: the program on the laptop speaks no TLS.
     */
    tls?: { cert?: string; key?: string; plaintext?: boolean }
    /** Connections that were open before are ended when they are quiet (verb `reopen`). Default: they stay with the app. */
    reopen?: boolean
    /** With mode `wiretap`. */
    wiretap?: WiretapSpec
    /** With mode `watch`. */
    watch?: WatchSpec
    /** Session object's name in the manager's namespace. */
    session: string
    owner: string
  }
  status?: {
    observedGeneration?: number
    /** Types: `Accepted` (False: Conflict, WorkloadNotFound, PortNotFound, FilterInvalid), `AgentsReady`, `Ready`. */
    conditions?: Condition[]
    agents?: AgentRow[]
  }
}
