/** The first message of each end of a session. Unknown fields are ignored; a feature is used only if both name it. */
import * as v from 'valibot'

export const PROTOCOL: { min: number; max: number } = { min: 1, max: 1 }

export const helloSchema = v.object({
  /** Version of the program. */
  version: v.string(),
  protocol: v.object({ min: v.number(), max: v.number() }),
  features: v.array(v.string()),
  /** Who this end says it is; believed only as far as its key is. */
  end: v.variant('role', [
    v.object({ role: v.literal('daemon'), session: v.string() }),
    v.object({
      role: v.literal('agent'),
      namespace: v.string(),
      pod: v.string(),
      podUid: v.string(),
      container: v.string(),
    }),
    v.object({ role: v.literal('dialer'), pod: v.string(), podUid: v.string() }),
    v.object({ role: v.literal('manager'), pod: v.string() }),
  ]),
})
export type Hello = v.InferOutput<typeof helloSchema>
