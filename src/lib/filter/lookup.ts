/**
 * One header, query parameter or cookie by its name, for short forms and expressions alike. All parameters of a request are decoded together when
 * the first filter asks for one, and all filters share that; likewise cookies, and headers where more than a few are asked for.
 */
import type { Budget } from './budget.ts'
import type { FilterRequest } from './request.ts'

const LOOKUP_STEPS = 20
/** To go through the lines of a smaller head costs less than to note that somebody has paid for it. */
const SMALL_BYTES = 1024

/** Requests whose headers, parameters or cookies somebody has paid for. */
const headers = new WeakSet<FilterRequest>()
const queries = new WeakSet<FilterRequest>()
const cookies = new WeakSet<FilterRequest>()

/** @param name in lower case. Throws `Exceeded`. */
export function lookUpHeader(request: FilterRequest, name: string, budget: Budget): string {
  budget.spend(LOOKUP_STEPS + name.length)
  if (request.bytes <= SMALL_BYTES) budget.spend(request.bytes >> 4)
  else payOnce(headers, request, budget)
  return request.header(name)
}

/** Throws `Exceeded`. */
export function lookUpQuery(request: FilterRequest, name: string, budget: Budget): string {
  budget.spend(LOOKUP_STEPS + name.length)
  return queriesOf(request, budget).get(name) ?? ''
}

/** Throws `Exceeded`. */
export function lookUpCookie(request: FilterRequest, name: string, budget: Budget): string {
  budget.spend(LOOKUP_STEPS + name.length)
  return cookiesOf(request, budget).get(name) ?? ''
}

/** Throws `Exceeded`. */
export function queriesOf(request: FilterRequest, budget: Budget): ReadonlyMap<string, string> {
  payOnce(queries, request, budget)
  return request.queries
}

/** Throws `Exceeded`. */
export function cookiesOf(request: FilterRequest, budget: Budget): ReadonlyMap<string, string> {
  payOnce(cookies, request, budget)
  return request.cookies
}

/** Below a millisecond for the largest head, in which a thousand pairs count; no filter is kept from asking because others asked before. */
function payOnce(paid: WeakSet<FilterRequest>, request: FilterRequest, budget: Budget): void {
  if (paid.has(request)) return
  budget.spend(request.bytes >> 2)
  paid.add(request)
}
