import * as v from 'valibot'
import type { Link } from '../link/link.ts'
import { type CircuitHeader, circuitSchema } from '../messages/circuit.ts'
import type { Flow } from '../mux/contract.ts'
import { circuitLink } from './circuit-link.ts'

/** Reads the header of a flow that the far end opened; undefined when it is not one of a circuit. */
export function readCircuit(header: Buffer): CircuitHeader | undefined {
  try {
    const result = v.safeParse(circuitSchema, JSON.parse(header.toString()))
    return result.success ? result.output : undefined
  } catch {
    return undefined
  }
}

/** The circuit that the far end opened, or undefined after an unreadable header was refused. */
export function acceptCircuit(flow: Flow, bytes: Buffer): { header: CircuitHeader; link: Link } | undefined {
  const header = readCircuit(bytes)
  if (header !== undefined) return { header, link: circuitLink(flow, `circuit from ${header.from ?? header.to}`) }
  flow.reset('refused', 'an unreadable circuit header')
  return undefined
}
