/** A flow of a carrier as a link. */
import type { Link, LinkHandlers } from '../link/link.ts'
import type { Flow } from '../mux/contract.ts'

/** The link owns the flow. A link has no half-close: when one end closes, both do. */
export function circuitLink(flow: Flow, name: string): Link {
  let reason: Error | undefined
  return {
    name,
    bind(handlers: LinkHandlers) {
      flow.bind({
        onData: (bytes) => handlers.onData(bytes),
        onDrain: () => handlers.onDrain(),
        onEnd: () => flow.end(),
        onClose(reset) {
          const why = reset === undefined ? undefined : new Error(`${name}: ${reset.message || reset.code}`)
          handlers.onClose(reason ?? why)
        },
      })
    },
    send(...pieces) {
      let takesMore = true
      for (const bytes of pieces) if (!flow.send(bytes)) takesMore = false
      return takesMore
    },
    pause: () => flow.pause(),
    resume: () => flow.resume(),
    close: () => flow.end(),
    reset(error) {
      reason = error
      flow.reset('reset', error.message)
    },
  }
}
