import type { InterceptResult } from '../../lib/daemon-api.ts'
import { looksInside } from '../../lib/filter/looks-inside.ts'
import { checkExpressions } from '../check-expressions.ts'
import type { Command } from '../command.ts'
import { DaemonClient } from '../daemon-client.ts'
import { holdShown, keepShown } from '../hold.ts'
import { INTERCEPT_OPTIONS, interceptRequest } from '../intercept-options.ts'
import { LastWords } from '../last-words.ts'
import { findProgram, runProgram } from '../program.ts'
import { attachedText } from '../render/attached.ts'
import { endedText } from '../render/ended.ts'
import { filterText } from '../render/filter-text.ts'

export const intercept: Command = {
  name: 'intercept',
  summary: "Answer a workload's requests on this laptop: yours, or all",
  args: [{ name: 'workload', summary: 'kind/name such as deploy/orders, or a name that only one workload has' }],
  options: INTERCEPT_OPTIONS,
  program: 'optional',
  examples: [
    {
      what: 'your requests, answered by a program that runs as long as this command',
      line: 'remocal intercept deploy/orders -n shop -- node examples/shop/orders.js',
    },
    {
      what: 'your requests, led to port 9090 of this laptop until `leave`',
      line: 'remocal intercept orders -n shop --port http:9090',
    },
    { what: 'every request', line: 'remocal intercept deploy/orders -n shop --all' },
    { what: 'requests with a header', line: 'remocal intercept deploy/orders -n shop --header x-user=jane' },
    {
      what: 'requests that change something below a path',
      line: "remocal intercept deploy/orders -n shop --path '/api/*' --not --method GET",
    },
    {
      what: 'calls of a gRPC service, on connections that are open already too',
      line: 'remocal intercept deploy/orders -n shop --grpc shop.v1.Orders --reopen',
    },
    {
      what: 'TLS connections by the name that clients ask for; what is in them with --header and the like, docs/tls.md',
      line: "remocal intercept deploy/orders -n shop --sni 'orders.*'",
    },
  ],
  async run(call) {
    const { program, io } = call
    const request = interceptRequest(intercept, call)
    await checkExpressions(call)
    if (program.length > 0) findProgram(program[0] ?? '', io)
    const held = request.command
      ? await holdShown<InterceptResult>(call, '/v1/intercept', request)
      : await keepShown<InterceptResult>(call, '/v1/intercept', request)
    let words: LastWords | undefined
    try {
      const { run: place } = held.result
      if (place === undefined) {
        call.print(held.result, text)
        return 0
      }
      words = new LastWords()
      for (const note of place.notes) io.stderr(`note: ${note}\n`)
      const { run: _place, ...shown } = held.result
      if (call.output === 'json') call.print(shown, text)
      else io.stderr(text(shown))
      void held.closed.then((fault) => io.stderr(endedText(fault)))
      return await runProgram(place, program, io, held.closed)
    } finally {
      words?.begin()
      held.close()
      // Whoever looks after this command has ended finds nothing of it.
      await new DaemonClient(io).callRunning('/v1/settle', { target: request.target }).catch(() => {})
      words?.end()
    }
  },
}

function text(result: InterceptResult): string {
  const what = result.filter === '' ? 'every request' : `requests with ${filterText(result.filter)}`
  // Taken whole, perhaps: what is not read has no answer in HTTP.
  const unread = looksInside(result.filter) ? '' : ' (a reset, of connections not read)'
  const down = result.ifDown === 'error' ? `, with 503${unread} while nothing listens there` : ''
  return attachedText(result, 'Intercepting', `${what}${down}`)
}
