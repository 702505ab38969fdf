import type { CodeEntry } from '../catalogue.ts'

/** RC-L-1xx: the laptop: daemon, namespaces, files, ports. */
export const LAPTOP_CODES = {
  'RC-L-101': { kind: 'environment', exit: 69, title: 'The daemon did not start or answer' },
  'RC-L-102': { kind: 'environment', exit: 69, title: 'The daemon is of another version' },
  'RC-L-103': { kind: 'environment', exit: 69, title: 'The state folder cannot be used' },
  'RC-L-104': { kind: 'environment', exit: 69, title: 'User namespaces are forbidden' },
  'RC-L-105': { kind: 'environment', exit: 69, title: 'A program that Remocal needs is missing' },
  'RC-L-106': { kind: 'environment', exit: 69, title: "The program's namespaces could not be made" },
  'RC-L-107': { kind: 'user', exit: 64, title: 'The program could not be started' },
  'RC-L-108': { kind: 'user', exit: 64, title: 'The laptop port is used by another attachment' },
  'RC-L-199': { kind: 'bug', exit: 1, title: 'Remocal made a mistake' },
} as const satisfies Record<string, CodeEntry>
