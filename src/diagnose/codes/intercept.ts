import type { CodeEntry } from '../catalogue.ts'

/** RC-I-2xx: attachments: workloads, ports, conflicts. */
export const INTERCEPT_CODES = {
  'RC-I-201': { kind: 'user', exit: 64, title: 'The workload does not exist' },
  'RC-I-202': { kind: 'user', exit: 64, title: 'The port does not exist' },
  'RC-I-203': { kind: 'user', exit: 64, title: 'The workload name is ambiguous' },
  'RC-I-204': { kind: 'user', exit: 64, title: 'Somebody has these requests' },
  'RC-I-205': { kind: 'environment', exit: 75, title: 'The intercept was not ready in time' },
  'RC-I-206': { kind: 'user', exit: 64, title: 'The port must be named' },
  'RC-I-207': { kind: 'environment', exit: 69, title: 'The intercept was refused' },
  'RC-I-208': { kind: 'environment', exit: 69, title: 'The intercept has ended' },
  'RC-I-209': { kind: 'user', exit: 64, title: 'The attachment does not exist' },
  'RC-I-210': { kind: 'user', exit: 64, title: 'The namespace does not exist' },
  'RC-I-211': { kind: 'environment', exit: 69, title: 'The installation is older than what was asked for' },
  'RC-I-212': { kind: 'environment', exit: 75, title: 'No pod of the workload runs' },
  'RC-I-213': { kind: 'environment', exit: 69, title: 'The chain could not be verified' },
  'RC-I-214': { kind: 'user', exit: 64, title: 'There is no chain that can be watched' },
  'RC-I-215': { kind: 'user', exit: 64, title: 'The container does not exist' },
  'RC-I-216': { kind: 'environment', exit: 69, title: 'The cluster did not hear that an attachment has ended' },
  'RC-I-217': { kind: 'environment', exit: 77, title: 'The right to the attachment was lost' },
} as const satisfies Record<string, CodeEntry>
