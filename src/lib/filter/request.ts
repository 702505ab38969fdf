/** What a filter sees of a request. Header names are in lower case; what is absent is `""`. */
export interface FilterRequest {
  method: string
  /** Path without the query. */
  path: string
  /** Query parameters, decoded; the first of each name. */
  query: ReadonlyMap<string, string>
  /** Repeated headers are joined with `, ` (RFC 9110 §5.3). */
  headers: ReadonlyMap<string, string>
  host: string
  /** Personal marks in `x-remocal`, `baggage` and `tracestate`. */
  marks: readonly string[]
}
