/** What the agent tells the helper: one JSON line each, after a line `start` that begins its run. */
import * as v from 'valibot'

/** More are told when some of these have ended. */
export const MAX_CONNECTIONS = 4096

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))
const inode = v.pipe(v.number(), v.integer(), v.minValue(1))

export const orderSchema = v.union([
  v.object({ end: v.literal(true) }),
  v.object({
    /** Port and socket of each connection that is to be ended when it is quiet, all of them each time. */
    connections: v.pipe(v.array(v.tuple([port, inode])), v.maxLength(MAX_CONNECTIONS)),
  }),
])
export type Order = v.InferOutput<typeof orderSchema>

/** What comes back: connections that were ended, why none can be, or (from the shell) that the run is over. */
export const newsSchema = v.union([
  v.object({ ended: v.number() }),
  v.object({ problem: v.string() }),
  v.object({ over: v.literal(true) }),
])
export type News = v.InferOutput<typeof newsSchema>
