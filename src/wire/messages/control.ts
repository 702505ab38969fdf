/** Messages of the `control` stream, JSON lines. Each end ignores kinds and fields it does not know. */
import * as v from 'valibot'
import { MARK_CARRIERS } from '../../lib/mark.ts'

/**
 * What a watch tells of: requests that carry the mark, that belong to the trace, or that come from one of these addresses. Agents whose hello names
 * the feature `watch` know it.
 */
export const watchSchema = v.object({
  mark: v.string(),
  /** Trace id (W3C Trace Context §3.2.2.3). */
  trace: v.string(),
  from: v.array(v.string()),
})
export type WatchedFor = v.InferOutput<typeof watchSchema>

/** One attachment as an agent needs it. */
export const routeSchema = v.object({
  /** The Intercept's uid. */
  intercept: v.string(),
  /** `<namespace>/<name>` of the Intercept, for status and logs. */
  name: v.string(),
  mode: v.picklist(['intercept', 'wiretap', 'watch']),
  /** Name of the Session object that holds it, and its public key. */
  session: v.string(),
  /** Who, as Kubernetes knows them. */
  owner: v.string(),
  /** Container ports of the pod that are taken over. */
  ports: v.array(v.number()),
  /** CEL. The empty string takes everything (`--all`). */
  filter: v.string(),
  priority: v.number(),
  /** Who answers when nothing listens on the laptop: the app (also when absent), or the agent with an error. */
  ifDown: v.optional(v.picklist(['app', 'error'])),
  /**
   * Its holder may see what is within TLS. `files`: paths in the pod of the app's certificates and keys; `plaintext`: what is for the laptop is never
   * passed on encrypted. Absent: it may not.
   */
  tls: v.optional(v.object({ files: v.array(v.string()), plaintext: v.optional(v.boolean()) })),
  /** Connections that were open before are ended when they are quiet, so that their clients open new ones. */
  reopen: v.optional(v.boolean()),
  /** Of a wiretap: which share of the requests that match is copied, how many a second at most, and whether answers are compared. */
  copies: v.optional(v.object({ percent: v.number(), maxRps: v.optional(v.number()), diff: v.boolean() })),
  /** Of a watch: whose requests are told of. */
  watch: v.optional(watchSchema),
})
export type Route = v.InferOutput<typeof routeSchema>

/** A probe of the kubelet that always goes to the app. */
export const probeSchema = v.object({ port: v.number(), path: v.optional(v.string()) })
export type Probe = v.InferOutput<typeof probeSchema>

/** manager → agent and dialer: the whole config each time, level-triggered. */
export const configSchema = v.object({
  kind: v.literal('config'),
  /** Grows with each change; a lower one than the last is ignored. `epoch` (lease transitions) is compared first. */
  epoch: v.number(),
  generation: v.number(),
  /** Sorted: first match wins. Empty for the dialer. */
  routes: v.array(routeSchema),
  /** Session name → public key: the daemons that may open circuits to this end. */
  peers: v.record(v.string(), v.string()),
  probes: v.array(probeSchema),
  /** Dialer: CIDRs of the cluster; others are `outside`. */
  cidrs: v.array(v.string()),
  /** Dialer: addresses that are never dialled although inside (nodes, API server). */
  denied: v.array(v.string()),
})
export type AgentConfig = v.InferOutput<typeof configSchema>

/** agent → manager: what it does with its config, after each config and each change of what it does. */
export const reportSchema = v.object({
  kind: v.literal('report'),
  epoch: v.number(),
  generation: v.number(),
  /** Text when the config was rejected and the old one kept. */
  error: v.optional(v.string()),
  routes: v.array(
    v.object({
      intercept: v.string(),
      /** `laptop`: requests that match go to it now. `app`: they do not, because of `why`. */
      now: v.picklist(['laptop', 'app']),
      why: v.optional(v.string()),
    }),
  ),
  /** The app's container ports that listen now, as the agent sees them. */
  listening: v.array(v.number()),
})
export type AgentReport = v.InferOutput<typeof reportSchema>

/** each manager → agent and dialer: `host:port` of all managers, so that they find the others and the one that leads. Sent after each change. */
export const managersSchema = v.object({ kind: v.literal('managers'), managers: v.array(v.string()) })
export type ManagersMessage = v.InferOutput<typeof managersSchema>

/** manager → daemon: how to reach the dialers; agent keys stand in the Intercepts' status. Sent after each change. */
export const dialersSchema = v.object({
  kind: v.literal('dialers'),
  dialers: v.array(v.object({ podUid: v.string(), publicKey: v.string() })),
})
export type Dialers = v.InferOutput<typeof dialersSchema>

/** manager → daemon: `host:port` where managers are reached from outside the cluster, the better ones first; none: by port-forward only. Sent after each change. */
export const reachSchema = v.object({ kind: v.literal('reach'), addresses: v.array(v.string()) })
export type Reach = v.InferOutput<typeof reachSchema>

/** agent → daemon: which of the daemon's attachments it routes to this laptop now, after each change. */
export const attachedSchema = v.object({ kind: v.literal('attached'), intercepts: v.array(v.string()) })
export type Attached = v.InferOutput<typeof attachedSchema>

/** daemon → agent: the attachments that this laptop answers now. Without it nothing is delivered. */
export const servesSchema = v.object({ kind: v.literal('serves'), intercepts: v.array(v.string()) })
export type Serves = v.InferOutput<typeof servesSchema>

/** agent → manager: which pod has this address? Asked only where a filter wants to know. */
export const lookupSchema = v.object({ kind: v.literal('lookup'), ip: v.string() })
export type Lookup = v.InferOutput<typeof lookupSchema>

/** manager → agent: it is this one; both are empty when it is nobody's, or that of a node, which many may have. */
export const foundSchema = v.object({
  kind: v.literal('found'),
  ip: v.string(),
  namespace: v.string(),
  pod: v.string(),
})
export type Found = v.InferOutput<typeof foundSchema>

/** Why requests that matched a wiretap were not copied whole. */
export const droppedSchema = v.object({
  /** The laptop has too many under way, or memory for copies is used up. */
  slow: v.number(),
  /** More a second than the wiretap allows. */
  rate: v.number(),
  /** Larger than a copy may be. */
  large: v.number(),
  /** The request broke off. */
  broken: v.number(),
})
export type Dropped = v.InferOutput<typeof droppedSchema>

/** agent → daemon: what became of one wiretap's copies since the agent has it, after changes, at most once a second. */
export const copiesSchema = v.object({
  kind: v.literal('copies'),
  intercept: v.string(),
  copied: v.number(),
  dropped: droppedSchema,
})
export type CopyCounts = v.InferOutput<typeof copiesSchema>

/** agent → daemon: requests that the filter of an attachment did not match although it could not be asked to its end; after changes, at most once a second. */
export const filteredSchema = v.object({
  kind: v.literal('filtered'),
  intercept: v.string(),
  /** It took more steps than it may. */
  exceeded: v.number(),
  /** It cannot be computed for them, such as dividing by 0. */
  failed: v.number(),
})
export type FilterCounts = v.InferOutput<typeof filteredSchema>

/** Requests, by what their target was asked in. */
export const bridgedSchema = v.object({
  /** HTTP/1.1, of clients that speak HTTP/2. */
  http1: v.number(),
  /** HTTP/2, of clients that speak HTTP/1.1. */
  http2: v.number(),
})
export type Bridged = v.InferOutput<typeof bridgedSchema>

/** agent → daemon: requests that were passed on in another HTTP than their client's, since who took them speaks no other; after changes, at most once a second. */
export const bridgesSchema = v.object({
  kind: v.literal('bridged'),
  intercept: v.string(),
  /** Of the attachment's laptop. */
  laptop: bridgedSchema,
  /** Of the app, on the attachment's ports. */
  app: bridgedSchema,
})
export type BridgeCounts = v.InferOutput<typeof bridgesSchema>

/**
 * agent → daemon: a request came that a watch is about. Of one watch an agent tells at most 256 that carry the mark or belong to the trace, and of
 * others 100 a second and 1024 in all.
 */
export const seenSchema = v.object({
  kind: v.literal('seen'),
  intercept: v.string(),
  /** Container port. */
  port: v.number(),
  method: v.string(),
  /** Without the query. */
  path: v.string(),
  /** The client's address. */
  from: v.string(),
  /** Headers that carried the mark. */
  marks: v.array(v.picklist(MARK_CARRIERS)),
  /** It belongs to the trace. */
  trace: v.boolean(),
})
export type Seen = v.InferOutput<typeof seenSchema>

/** agent → daemon: what else came to the ports of a watch since the agent has it, after changes, at most once a second. */
export const besideSchema = v.object({
  kind: v.literal('beside'),
  intercept: v.string(),
  /** Requests that it is not about. */
  others: v.number(),
  /** Connections that could not be read. */
  unread: v.number(),
  /** Requests that it is about and that were too many to be told. */
  untold: v.number(),
  /** Addresses of the watch that spoke TLS here into which this watch does not see. Agents of earlier versions do not say it. */
  closed: v.optional(v.array(v.string())),
  /** How often other addresses did. */
  closedOthers: v.optional(v.number()),
  /** Addresses of the watch that have connections to the app which are older than the watch: what they carry is not seen. */
  old: v.array(v.string()),
  /** How many other addresses have such. */
  oldOthers: v.number(),
})
export type Beside = v.InferOutput<typeof besideSchema>

/** agent → daemon: connections that go past the agent because they were open before, on the ports of one attachment; before `attached`, and after changes. */
export const earlierSchema = v.object({
  kind: v.literal('earlier'),
  intercept: v.string(),
  connections: v.number(),
  /** Whether the agent ends them when they are quiet. */
  ends: v.boolean(),
})
export type EarlierCount = v.InferOutput<typeof earlierSchema>

export const controlSchema = v.variant('kind', [
  configSchema,
  reportSchema,
  lookupSchema,
  foundSchema,
  managersSchema,
  dialersSchema,
  reachSchema,
  attachedSchema,
  servesSchema,
  copiesSchema,
  filteredSchema,
  bridgesSchema,
  seenSchema,
  besideSchema,
  earlierSchema,
])
export type ControlMessage = v.InferOutput<typeof controlSchema>
