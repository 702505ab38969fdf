import type { CodeEntry } from '../catalogue.ts'

/** RC-U-1xx: what was typed. */
export const USAGE_CODES = {
  'RC-U-101': { kind: 'user', exit: 64, title: 'The command line is not understood' },
  'RC-U-102': { kind: 'user', exit: 64, title: 'The filter is not valid CEL' },
  'RC-U-103': { kind: 'user', exit: 65, title: 'The file holds no HTTP request' },
  'RC-U-104': { kind: 'user', exit: 64, title: 'A setting of the environment is not valid' },
} as const satisfies Record<string, CodeEntry>
