import type { CodeEntry } from '../catalogue.ts'

/** RC-S-4xx: the sandbox. */
export const SANDBOX_CODES = {
  'RC-S-401': { kind: 'environment', exit: 69, title: 'The sandbox did not start' },
  'RC-S-402': { kind: 'environment', exit: 69, title: 'The sandbox does not have that' },
} as const satisfies Record<string, CodeEntry>
