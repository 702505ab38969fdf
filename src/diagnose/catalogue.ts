/** All codes, one table a subject. Codes are never reused. Each has a page in `docs/codes/<CODE>.md`. */
import { Fault, type FaultKind } from '../lib/fault.ts'
import { AGENT_CODES } from './codes/agent.ts'
import { CLUSTER_CODES } from './codes/cluster.ts'
import { INTERCEPT_CODES } from './codes/intercept.ts'
import { LAPTOP_CODES } from './codes/laptop.ts'
import { SANDBOX_CODES } from './codes/sandbox.ts'
import { USAGE_CODES } from './codes/usage.ts'

export interface CodeEntry {
  kind: FaultKind
  /** Exit code of a CLI that ends with it. */
  exit: 1 | 64 | 65 | 69 | 75 | 77 | 79
  /** What it means, in a few words: the page's title. */
  title: string
}

export const CATALOGUE = {
  ...USAGE_CODES,
  ...LAPTOP_CODES,
  ...CLUSTER_CODES,
  ...INTERCEPT_CODES,
  ...AGENT_CODES,
  ...SANDBOX_CODES,
} as const satisfies Record<string, CodeEntry>

export type Code = keyof typeof CATALOGUE

/**
 * Makes the error that people see.
 * @param code one of the catalogue
 * @param sentence what happened, why, and what state things are in; ends with a full stop
 * @param actions at most two things to do
 */
export function fault(code: Code, sentence: string, actions: string[] = [], cause?: unknown): Fault {
  const { kind, exit } = CATALOGUE[code]
  return new Fault({ code, kind, exit, sentence, actions }, cause)
}
