import type { CodeEntry } from '../catalogue.ts'

/** RC-E-3xx: what agents and managers say of a pod. */
export const AGENT_CODES = {
  'RC-E-301': { kind: 'environment', exit: 69, title: 'The agent was not admitted to the pod' },
  'RC-E-310': { kind: 'environment', exit: 69, title: 'The laptop did not answer a request' },
  'RC-E-311': { kind: 'environment', exit: 69, title: 'Nothing listens on the laptop port' },
  'RC-E-312': { kind: 'environment', exit: 69, title: 'A declined request was too large to be given to the app' },
  'RC-E-313': { kind: 'environment', exit: 69, title: 'A gRPC call belongs to a program that speaks HTTP/1.1 only' },
  'RC-E-320': { kind: 'user', exit: 65, title: 'A request was refused because it can be read in two ways' },
  'RC-E-330': { kind: 'environment', exit: 69, title: "The key of the app's certificate was not found" },
  'RC-E-331': { kind: 'environment', exit: 69, title: "The app's files cannot be read" },
  'RC-E-332': { kind: 'environment', exit: 77, title: 'An attachment may not look into TLS' },
  'RC-E-333': { kind: 'environment', exit: 69, title: 'The app does not take a TLS connection of the agent' },
  'RC-E-334': { kind: 'environment', exit: 69, title: 'What is spoken within TLS cannot be read' },
  'RC-E-335': { kind: 'environment', exit: 69, title: "The app's clients cannot be verified by the agent" },
  'RC-E-336': { kind: 'user', exit: 64, title: 'Nothing in TLS comes to the port' },
  'RC-E-340': { kind: 'environment', exit: 69, title: 'Connections from before cannot be ended' },
  'RC-E-302': { kind: 'environment', exit: 69, title: 'The agent cannot take ports of the pod over' },
  'RC-E-303': { kind: 'user', exit: 65, title: 'The agent rejected its routes and keeps the old ones' },
  'RC-E-304': { kind: 'environment', exit: 69, title: "The app's process cannot be read" },
} as const satisfies Record<string, CodeEntry>
