import type { LeaveResult } from '../../lib/daemon-api.ts'
import type { Command } from '../command.ts'
import { DaemonClient } from '../daemon-client.ts'
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
    const result = (await new DaemonClient(call.io).callRunning<LeaveResult>('/v1/leave', body)) ?? { left: [] }
    call.print(result, ({ left }) => {
      if (left.length === 0) return 'Nothing was attached.\n'
      return left.map(({ namespace, workload, name }) => `Left ${workload} in ${namespace} (${name}).\n`).join('')
    })
    return 0
  },
}
