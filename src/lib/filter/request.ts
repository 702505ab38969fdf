/**
 * What a filter sees of a request. Each part is read when it is asked for, so that a filter that compares one header costs no more than
 * that. What is absent is `""` everywhere. Nothing is decoded or normalized but what the names below say.
 */
export interface FilterRequest {
  readonly method: string
  /** Of the whole head: what a search in it costs. */
  readonly bytes: number
  /** Path without the query, as sent (RFC 9112 §3.2: `/` when the target has none, `*` of OPTIONS). */
  readonly path: string
  /** Of an absolute target, or else of the Host header, as sent. */
  readonly host: string
  readonly scheme: 'http' | 'https'
  /** It came in TLS, whatever its `scheme` says. */
  readonly isSecure: boolean
  /** The server name that the client of a TLS connection asks for (RFC 6066 §3), in lower case. */
  readonly sni: string
  /** Personal marks in `x-remocal`, `baggage` and `tracestate`. */
  readonly marks: readonly string[]
  readonly source: FilterSource
  /**
   * The body as JSON (`json.ts`: objects, arrays, strings, numbers, whole ones as bigint, booleans, null); undefined when it is none, is longer than 64 KiB, or no filter
   * needs it.
   */
  readonly body: unknown
  /**
   * Payload of the JWT in `Authorization: Bearer` (RFC 7519 §3), not verified: who sends it may claim anything. Undefined when there is none or it
   * is malformed.
   */
  readonly claims: unknown
  /** @param name in lower case. Repeated headers are joined with `, ` (RFC 9110 §5.3), `cookie` with `; ` (RFC 6265 §5.4). */
  header(name: string): string
  /** The first query parameter of this name, decoded as forms are. */
  query(name: string): string
  /** The first cookie of this name, as sent, without the quotes around it (RFC 6265 §5.2). */
  cookie(name: string): string
  /** All of each kind, for expressions that look at them all. */
  readonly headers: ReadonlyMap<string, string>
  readonly queries: ReadonlyMap<string, string>
  readonly cookies: ReadonlyMap<string, string>
}

/** Who sent it, as far as is known: the pod and its namespace are `""` for addresses of no pod. */
export interface FilterSource {
  readonly ip: string
  readonly pod: string
  readonly namespace: string
}

/** What must be found out before a filter can be asked, beside the request's head and the sender's address. */
export interface FilterNeeds {
  /** `request.body`. */
  readonly body: boolean
  /** `source.pod` or `source.namespace`. */
  readonly source: boolean
}
