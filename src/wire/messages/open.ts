/** Headers of a stream: what the opener asks for, and what the other end says to it. JSON, one object each. */
import * as v from 'valibot'

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))

export const openSchema = v.variant('service', [
  /** daemon → dialer or agent: a TCP connection from inside the cluster. `host` is a name or an address. */
  v.object({ service: v.literal('dial'), host: v.string(), port }),
  /** daemon → dialer or agent: DNS messages (RFC 1035) to the cluster's resolver, each with a two-byte length before it, both ways. */
  v.object({ service: v.literal('dns') }),
  /** agent → daemon: a connection that the laptop's program should answer. */
  v.object({
    service: v.literal('deliver'),
    intercept: v.string(),
    port,
    from: v.string(),
    /** The client spoke TLS, which the agent has ended: the name and the application protocol that it asked for. */
    tls: v.optional(v.object({ servername: v.string(), protocol: v.optional(v.string()) })),
  }),
  /** agent → daemon: the copies of one wiretap, one after the other, for as long as both have it (`messages/copies.ts`). */
  v.object({ service: v.literal('copies'), intercept: v.string() }),
  /** daemon → agent: one JSON document `{env: {NAME: value}, cwd, files: []}` of the app's process, then the end. */
  v.object({ service: v.literal('environment'), intercept: v.string() }),
  /** Both ways, once a session: JSON lines, one `ControlMessage` each (`messages/control.ts`). */
  v.object({ service: v.literal('control') }),
])
export type OpenHeader = v.InferOutput<typeof openSchema>

export const replySchema = v.variant('ok', [
  v.object({ ok: v.literal(true), address: v.optional(v.string()) }),
  v.object({ ok: v.literal(false), code: v.string(), message: v.string() }),
])
export type ReplyHeader = v.InferOutput<typeof replySchema>

/**
 * Refusal codes of `dial` and `deliver`: `ECONNREFUSED`, `ETIMEDOUT`, `EHOSTUNREACH`, `ENOTFOUND` as the far kernel
 * said; `ended` (the laptop answers this attachment no more: somebody else may); `outside` (not an address of the cluster: the daemon dials it from the laptop); `forbidden`; `unknown`.
 */
export type RefusalCode =
  | 'ECONNREFUSED'
  | 'ETIMEDOUT'
  | 'EHOSTUNREACH'
  | 'ENOTFOUND'
  | 'ended'
  | 'outside'
  | 'forbidden'
  | 'unknown'
