import type { RunPlace } from '../../lib/daemon-api.ts'
import type { Command } from '../command.ts'
import { holdShown } from '../hold.ts'
import { findProgram, runProgram } from '../program.ts'
import { endedText } from '../render/ended.ts'
import { targetOf } from '../target.ts'

export const run: Command = {
  name: 'run',
  summary: 'Run a program as if it were in a namespace of the cluster',
  args: [],
  options: [],
  program: 'required',
  examples: [
    { what: 'ask a service', line: 'remocal run -n shop -- curl http://orders/health' },
    { what: 'a shell in which everything is in the cluster', line: 'remocal run -n shop -- bash' },
  ],
  async run(call) {
    findProgram(call.program[0] ?? '', call.io)
    const body = { target: targetOf(call), namespace: call.namespace ?? '' }
    const held = await holdShown<RunPlace>(call, '/v1/run', body)
    try {
      for (const note of held.result.notes) call.io.stderr(`note: ${note}\n`)
      void held.closed.then((fault) => call.io.stderr(endedText(fault)))
      return await runProgram(held.result, call.program, call.io, held.closed)
    } finally {
      held.close()
    }
  },
}
