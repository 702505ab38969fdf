import type { Link } from '../link/link.ts'
import type { CircuitHeader } from '../messages/circuit.ts'
import type { Mux } from '../mux/contract.ts'
import { circuitLink } from './circuit-link.ts'

/** Opens a circuit over a carrier: the link may be used at once; a refusal is its `onClose`. */
export function openCircuit(carrier: Mux, header: CircuitHeader): Link {
  return circuitLink(carrier.open(Buffer.from(JSON.stringify(header))), `circuit ${header.to}`)
}
