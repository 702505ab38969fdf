/** Said when the daemon ends what a running program hangs on. */
import type { FaultFields } from '../../lib/fault.ts'
import { faultText } from './fault.ts'

export function endedText(fault: FaultFields | undefined): string {
  return fault === undefined
    ? 'remocal: the daemon has ended this attachment; the program is told to end\n'
    : faultText(fault)
}
