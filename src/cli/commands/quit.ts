import type { QuitResult } from '../../lib/daemon-api.ts'
import type { Command } from '../command.ts'
import { DaemonClient } from '../daemon-client.ts'

export const quit: Command = {
  name: 'quit',
  summary: 'Leave everything and end the daemon',
  args: [],
  options: [],
  examples: [{ what: 'at the end of the day', line: 'remocal quit' }],
  async run(call) {
    const result = await new DaemonClient(call.io).callRunning<QuitResult>('/v1/quit', {})
    call.print(result ?? { left: 0 }, ({ left }) => {
      if (result === undefined) return 'No daemon was running.\n'
      return `The daemon has ended${left === 0 ? '' : ` and ${left === 1 ? 'one attachment' : `${left} attachments`} with it`}.\n`
    })
    return 0
  },
}
