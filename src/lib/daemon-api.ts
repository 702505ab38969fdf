/**
 * The daemon's API for the CLI: HTTP/1.1 and JSON over the unix socket `<state>/daemon.sock`. A failure is a status
 * ≥ 400 with a `Fault` as JSON. Long calls answer JSON lines (`Progress`), the last of which is `done` or `failed`.
 */
import type { FaultFields } from './fault.ts'
import type { MarkCarrier } from './mark.ts'

/** Which cluster, as which user: sent with every call. */
export interface Target {
  /** Absolute paths as in KUBECONFIG, `:`-separated. */
  kubeconfig: string
  /** Context name; undefined: the current one. */
  context?: string
  /** Variables that credential plugins need. */
  env: Record<string, string>
}

export type Progress<T> =
  | { kind: 'step'; text: string }
  | { kind: 'warning'; text: string }
  | { kind: 'done'; result: T }
  /** After `done`: something that a call which stays open tells. */
  | { kind: 'event'; event: unknown }
  | { kind: 'failed'; fault: FaultFields }

/** POST /v1/hello → who answers. */
export interface HelloResult {
  version: string
  pid: number
  uptimeMs: number
  attachments: number
}

/** POST /v1/keep {name}: what a long call made stays when the call ends. Until then it ends with the call. */
export interface KeepResult {
  /** False: it has ended meanwhile. */
  kept: boolean
}

/** POST /v1/connect {target} */
export interface ConnectResult {
  context: string
  user: string
  server: string
  /** This person's mark on this cluster. */
  mark: string
  manager: string
  managerVersion: string
  /** How the manager is reached. */
  link: 'tcp' | 'port-forward'
  rttMs: number
  tookMs: number
  already: boolean
}

/** POST /v1/list {target, namespace, allNamespaces?} */
export interface ListResult {
  /** Undefined: all. */
  namespace?: string
  workloads: {
    namespace: string
    kind: string
    name: string
    ready: number
    replicas: number
    /** Container ports with the Services that lead to them. */
    ports: { port: number; name?: string; services: string[] }[]
    held: {
      /** Of its object; `leave` takes it. */
      name: string
      by: string
      mode: 'intercept' | 'wiretap' | 'watch'
      filter: string
      priority: number
      /** Who answers when nothing listens on the laptop. */
      ifDown: 'app' | 'error'
      /** What a wiretap copies. */
      wiretap?: WiretapShare
      /** Of those that this laptop holds. */
      filtered?: FilterCounts
      since: string
      /** The same person's, on this laptop (`here`) or another one. */
      yours: boolean
      here: boolean
      /** Where requests go, or copies; all that agents say, comma-separated. As `status` has it, where this laptop holds it. */
      routeNow: string
    }[]
  }[]
}

/** What every attachment is asked for with. */
export interface AttachRequest {
  target: Target
  namespace: string
  /** As typed: `deploy/orders`, `orders`. */
  workload: string
  container?: string
  /** As typed: `SERVICEPORT[:LAPTOPPORT]`. */
  ports: string[]
  /** CEL. Undefined: the personal mark. Empty: everything. */
  filter?: string
  /** What its user says about TLS. Undefined: nothing. */
  tls?: TlsRequest
  /** End connections that were open before when they are quiet. */
  reopen?: boolean
  /** With a command: the daemon makes a runner, and the attachment ends with this HTTP connection. */
  command: boolean
}

export interface TlsRequest {
  /** Paths in the pod of the app's certificate and key. */
  cert?: string
  key?: string
  /** The program here speaks no TLS. */
  plaintext?: boolean
}

export interface InterceptRequest extends AttachRequest {
  priority?: number
  /** Who answers when nothing listens here. Undefined: the app. */
  ifDown?: 'app' | 'error'
}

export interface AttachResult {
  name: string
  namespace: string
  workload: string
  ports: { port: number; target: number; service?: string }[]
  filter: string
  pods: string[]
  /** Connections that were open before and go past the agents, if there are. */
  earlier?: EarlierConnections
  /** A command that sends a matching request; undefined for filters that it cannot be derived from. */
  curl?: string
  /** With `command`: what the CLI needs to start the program. */
  run?: RunPlace
  tookMs: number
}

export interface EarlierConnections {
  connections: number
  /** They are ended when they are quiet. */
  ends: boolean
  /** That was asked for. */
  wished: boolean
}

export interface InterceptResult extends AttachResult {
  ifDown: 'app' | 'error'
}

/** What a wiretap copies. */
export interface WiretapShare {
  percent: number
  /** Copies a second, of all pods together. */
  maxRps?: number
  diff: boolean
}

export interface WiretapRequest extends AttachRequest, WiretapShare {
  /** Fields that do not count as differences. */
  ignore: string[]
}

export interface WiretapResult extends AttachResult, WiretapShare {}

/** What became of the copies of a wiretap. */
export interface WiretapCounts {
  /** Requests that the program got. */
  copied: number
  /**
   * Requests that it did not get: it was too slow (`slow`), there were more than `maxRps` (`rate`), larger than 1 MiB (`large`), broken off
   * half way (`broken`), or nothing listened (`unheard`).
   */
  dropped: Record<'slow' | 'rate' | 'large' | 'broken' | 'unheard', number>
  /**
   * With diff. `uncompared`: the app's answer was too large, broke off, or cannot be read. `untold`: differences that the caller did not read in time. `pending`: an
   * answer is not there yet, or was not when the wiretap ended.
   */
  compared?: { same: number; different: number; uncompared: number; untold: number; pending: number }
}

/** The app and the program answered a request differently. */
export interface DifferenceEvent {
  /** ISO 8601. */
  at: string
  method: string
  target: string
  /** Container port that it came to. */
  port: number
  differences: { field: string; app?: string; laptop?: string }[]
  /** Differences beyond those. */
  more: number
}

/** How the CLI starts a program: `nsenter -t <pid> -U -n -m --preserve-credentials`, with this environment added. */
export interface RunPlace {
  pid: number
  env: Record<string, string>
  notes: string[]
}

/** POST /v1/verify VerifyRequest → Progress<VerifyResult> lines; closing the answer gives it up. */
export interface VerifyRequest {
  target: Target
  namespace: string
  /** `http:` or `https:`, as a program in the namespace would ask it. */
  url: string
  method: string
  headers: [name: string, value: string][]
  /** Workloads as typed, that the mark must reach. Empty: all of the namespace behind Services are watched. */
  through: string[]
  /** A certificate of the URL's server that nobody here knows is taken. */
  insecure: boolean
}

/** Who sent a request: pod and workload are known of pods of the namespace only. */
export interface VerifyCaller {
  ip: string
  pod?: string
  workload?: string
}

/** The marked request, or one that a service made because of it, came to a service with its mark. */
export interface VerifyHop {
  workload: string
  pod: string
  port: number
  method: string
  path: string
  from: VerifyCaller
  /** Index of the hop whose service sent it; undefined: of none that was watched. */
  after?: number
  /** Headers that carried the mark. */
  marks: MarkCarrier[]
  /** It belonged to the same trace. */
  trace: boolean
}

/**
 * Where the mark may have gone unseen. `older`: `by` had the mark, and has connections to `to` which are older than the watch. `tls`: TLS came to `to`
 * into which this watch does not see, from `by`, or from somebody who is not watched.
 */
export interface VerifyBlind {
  by?: string
  to: string
  why: 'older' | 'tls'
}

/** A request that came without the mark from a service that had it. */
export interface VerifyDrop {
  by: VerifyCaller
  workload: string
  pod: string
  method: string
  path: string
  /** False: the service had other requests too, and this one may belong to one of them. */
  sure: boolean
}

export interface VerifyResult {
  url: string
  method: string
  /** The mark of this one request. */
  mark: string
  /** The status of its answer; undefined when there was none, because of `unanswered`. */
  status?: number
  unanswered?: string
  /**
   * `arrived`: no service dropped it, and it reached those that were named. `dropped`: the first of `drops` says by whom. `unreached`: nobody was seen
   * to drop it, and yet some that were named did not get it. `unseen`: no service that is watched got it. `unclear`: it got as far as `hops` say, and
   * may have gone further where nobody looks: see `blind`.
   */
  verdict: 'arrived' | 'dropped' | 'unreached' | 'unseen' | 'unclear'
  /** In the order of the chain: each after the one that sent it. */
  hops: VerifyHop[]
  drops: VerifyDrop[]
  unreached: string[]
  blind: VerifyBlind[]
  watched: { workload: string; pods: number }[]
  unwatched: { workload: string; why: string }[]
  notes: string[]
  tookMs: number
}

/** POST /v1/intercept InterceptRequest → Progress<InterceptResult> lines; with `command` the answer stays open until the attachment ends. */
/**
 * POST /v1/wiretap WiretapRequest → Progress<WiretapResult> lines; with `command` or `diff` the answer stays open until the wiretap ends, and with
 * `diff` carries DifferenceEvents.
 */
/** POST /v1/tally {target, name} → WiretapCounts of the wiretap with this name, as they are now. */
/** POST /v1/run {target, namespace} → Progress<RunPlace> lines; the answer stays open; closing it ends the runner. */

/** POST /v1/leave {target, namespace?, workload?}: `workload` as typed, or an attachment's name. */
export interface LeaveResult {
  /** `workload` is unknown of what a daemon before this one left. */
  left: { namespace: string; workload?: string; name: string }[]
  /** Over on this laptop, and not deleted in the cluster, with why. */
  remaining: { namespace: string; name: string; why: string }[]
}

/** POST /v1/settle {target} → `{}` when all that was being left there is gone. */

/** Requests that were passed on in another HTTP than their client's, since who took them speaks no other. */
export interface BridgedRequests {
  /** Who took them: the laptop's program, or the app in the pod. */
  who: 'laptop' | 'app'
  bridged: 'http/1.1 → h2' | 'h2 → http/1.1'
  requests: number
}

/** Requests that a filter did not match because it could not be asked to its end. */
export interface FilterCounts {
  exceeded: number
  failed: number
}

/** POST /v1/status {context?, namespace?} */
export interface StatusResult {
  daemon: HelloResult
  clusters: {
    context: string
    user: string
    mark: string
    state: 'connected' | 'reconnecting' | 'failed'
    message?: string
    manager: string
    managerVersion: string
    /** How the manager is reached; undefined while it is not. */
    link?: 'tcp' | 'port-forward'
    rttMs: number
    attachments: {
      /** Of its object; `leave` takes it. */
      name: string
      namespace: string
      workload: string
      mode: 'intercept' | 'wiretap' | 'watch'
      filter: string
      /** Requests that did not match because the filter took too long on them (`docs/filters.md`), or failed. */
      filtered: FilterCounts
      priority: number
      ifDown: 'app' | 'error'
      /** Of a wiretap. */
      wiretap?: WiretapShare & WiretapCounts
      ports: { port: number; target: number }[]
      since: string
      agents: AgentView[]
    }[]
  }[]
}

/** One agent of an attachment. */
export interface AgentView {
  pod: string
  state: string
  /** `laptop`, `app`, `error` (the agent answers with one), or `unknown`. */
  routeNow: string
  message?: string
  /** Connections that were open before and go past it, if there are. */
  earlier?: EarlierConnections
  /** Requests that it passed on in another HTTP than their client's, if there were. */
  bridged?: BridgedRequests[]
}

/** POST /v1/quit: leaves everything, ends the daemon. */
export interface QuitResult {
  left: number
}
