import type { CodeEntry } from '../catalogue.ts'

/** RC-I-2xx: attachments: workloads, ports, conflicts. */
export const INTERCEPT_CODES = {
  'RC-I-201': { kind: 'user', exit: 64, title: 'The workload does not exist' },
} as const satisfies Record<string, CodeEntry>
