import type { CodeEntry } from '../catalogue.ts'

/** RC-S-4xx: the sandbox. */
export const SANDBOX_CODES = {
  'RC-S-401': { kind: 'environment', exit: 69, title: 'The sandbox did not start' },
} as const satisfies Record<string, CodeEntry>
