import type { InterceptRequest, InterceptResult } from '../../lib/daemon-api.ts'
import type { Call, Command } from '../command.ts'
import { DaemonClient } from '../daemon-client.ts'
import { filterOf } from '../filter.ts'
import { FILTER_OPTIONS } from '../filter-options.ts'
import { holdShown } from '../hold.ts'
import { usage } from '../parse.ts'
import { findProgram, runProgram } from '../program.ts'
import { endedText } from '../render/ended.ts'
import { targetOf } from '../target.ts'

export const intercept: Command = {
  name: 'intercept',
  summary: "Answer a workload's requests on this laptop: yours, or all",
  args: [{ name: 'workload', summary: 'kind/name such as deploy/orders, or a name that only one workload has' }],
  options: [
    ...FILTER_OPTIONS,
    {
      flags: '--port <port[:laptop]>',
      summary: 'service port by name or number, or container port; and the port on the laptop',
      repeated: true,
    },
    { flags: '--priority <number>', summary: 'higher wins over others (default: 0)' },
    { flags: '--container <name>', summary: 'the app among several containers' },
  ],
  program: 'optional',
  examples: [
    {
      what: 'your requests, answered by a program that runs as long as this command',
      line: 'remocal intercept deploy/orders -n shop -- node orders.js',
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
  ],
  async run(call) {
    const { program, io } = call
    const request = requestOf(call)
    if (program.length > 0) findProgram(program[0] ?? '', io)
    const held = await holdShown<InterceptResult>(call, '/v1/intercept', request)
    try {
      const { run: place } = held.result
      if (place === undefined) {
        call.print(held.result, text)
        return 0
      }
      for (const note of place.notes) io.stderr(`note: ${note}\n`)
      const { run: _place, ...shown } = held.result
      if (call.output === 'json') call.print(shown, text)
      else io.stderr(text(shown))
      void held.closed.then((fault) => io.stderr(endedText(fault)))
      return await runProgram(place, program, io, held.closed)
    } finally {
      held.close()
      // Whoever looks after this command has ended finds nothing of it.
      await new DaemonClient(io).callRunning('/v1/settle', { target: request.target }).catch(() => {})
    }
  },
}

function requestOf(call: Call): InterceptRequest {
  const { args, options, program, namespace } = call
  const request: InterceptRequest = {
    target: targetOf(call),
    namespace: namespace ?? '',
    workload: args[0] ?? '',
    ports: (options.port ?? []) as string[],
    command: program.length > 0,
  }
  const filter = filterOf(intercept, call)
  if (filter !== undefined) request.filter = filter
  if (typeof options.container === 'string') request.container = options.container
  if (typeof options.priority === 'string') {
    const priority = Number(options.priority)
    if (!Number.isInteger(priority) || Math.abs(priority) > 1000)
      throw usage(intercept, '--priority is a whole number from -1000 to 1000')
    request.priority = priority
  }
  return request
}

function text({ namespace, workload, ports, filter, pods, curl, tookMs }: InterceptResult): string {
  const what = filter === '' ? 'every request' : `requests with ${filter}`
  const where = ports.map(({ port, target }) => `port ${port} to port ${target} here`).join(', ')
  const lines = [
    `Intercepting ${workload} in ${namespace}: ${what}, ${where} (${pods.length} pod${pods.length === 1 ? '' : 's'}, ${(tookMs / 1000).toFixed(1)} s)`,
  ]
  if (curl !== undefined) lines.push(`  try   ${curl}`)
  return `${lines.join('\n')}\n`
}
