import type { CodeEntry } from '../catalogue.ts'

/** RC-E-3xx: what agents and managers say of a pod. */
export const AGENT_CODES = {
  'RC-E-301': { kind: 'environment', exit: 69, title: 'The agent was not admitted to the pod' },
} as const satisfies Record<string, CodeEntry>
