/** Said when the daemon ends what a running program hangs on. */
import type { FaultFields } from '../../lib/fault.ts'
import { faultText } from './fault.ts'

export function endedText(fault: FaultFields | undefined): string {
  if (fault === undefined) return 'remocal: the daemon has ended this attachment; the program is told to end\n'
  // What asks for nothing is no failure.
  return fault.actions.length === 0 ? `remocal: ${fault.sentence}\n` : faultText(fault)
}
