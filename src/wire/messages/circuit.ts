/** Header of a flow on a carrier: which end the circuit goes to. JSON. */
import * as v from 'valibot'

export const circuitSchema = v.object({
  /** `manager`, `dialer` (any), `dialer/<pod uid>` or `agent/<pod uid>`, as a daemon asks for it. */
  to: v.string(),
  /** Set by the manager on the second half: the Session object's name of the daemon that opened it. */
  from: v.optional(v.string()),
})
export type CircuitHeader = v.InferOutput<typeof circuitSchema>
