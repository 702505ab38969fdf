import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fault } from '../../diagnose/catalogue.ts'
import type { LeaveResult } from '../../lib/daemon-api.ts'
import { stateFolder } from '../../lib/state-folder.ts'
import type { Command } from '../command.ts'
import { DaemonClient } from '../daemon-client.ts'
import type { Io } from '../io.ts'
import { faultText } from '../render/fault.ts'
import { targetOf } from '../target.ts'

export const leave: Command = {
  name: 'leave',
  summary: 'End an attachment, or all of this context',
  args: [
    {
      name: 'attachment',
      summary: 'a workload, or the name that `status` and `list` show; without it: all',
      optional: true,
    },
  ],
  options: [],
  namespaceSummary:
    'attachments in this namespace only (default: in all; a workload that is attached in several must be told apart)',
  examples: [
    { what: 'those of one workload', line: 'remocal leave deploy/orders -n shop' },
    { what: 'one of several', line: 'remocal leave orders-8f3a2b1c' },
    { what: 'all in this context', line: 'remocal leave' },
  ],
  async run(call) {
    const body = { target: targetOf(call), namespace: call.namespace, workload: call.args[0] }
    const daemon = new DaemonClient(call.io)
    const running = await daemon.callRunning<LeaveResult>('/v1/leave', body)
    const result = running ?? (hasLeft(call.io) ? await daemon.call<LeaveResult>('/v1/leave', body) : undefined)
    call.print(result ?? { left: [], remaining: [] }, text)
    const [first] = result?.remaining ?? []
    if (first === undefined) return 0
    const names = result?.remaining.map(({ namespace, name }) => `${name} in ${namespace}`).join(', ')
    const known = fault(
      'RC-I-216',
      `Ended on this laptop, but not deleted in the cluster: ${names}. ${first.why.replace(/\.$/, '')}. It is deleted when the cluster answers again.`,
      ['remocal leave'],
    )
    call.io.stderr(faultText(known))
    return known.exit
  },
}

/** A daemon that was killed has left something, which the next one can delete: its journal is not empty. */
function hasLeft({ env }: Io): boolean {
  try {
    return readFileSync(join(stateFolder(env), 'journal.json'), 'utf8').trim() !== '[]'
  } catch {
    return false
  }
}

function text({ left, remaining }: LeaveResult): string {
  if (left.length === 0 && remaining.length === 0) return 'Nothing was attached.\n'
  return left
    .map(({ namespace, workload, name }) =>
      workload === undefined ? `Left ${name} in ${namespace}.\n` : `Left ${workload} in ${namespace} (${name}).\n`,
    )
    .join('')
}
