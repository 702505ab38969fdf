/** A fault for people: the sentence, what to do, where to read more. */
import type { FaultFields } from '../../lib/fault.ts'

export function faultText({ code, sentence, actions }: FaultFields): string {
  const lines = [
    `remocal: ${sentence}  [${code}]`,
    ...actions.map((action) => `  try   ${action}`),
    `  page  remocal explain ${code}`,
  ]
  return `${lines.join('\n')}\n`
}
