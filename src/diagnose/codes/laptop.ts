import type { CodeEntry } from '../catalogue.ts'

/** RC-L-1xx: the laptop: daemon, namespaces, files, ports. */
export const LAPTOP_CODES = {
  'RC-L-101': { kind: 'environment', exit: 69, title: 'The daemon did not start or answer' },
} as const satisfies Record<string, CodeEntry>
