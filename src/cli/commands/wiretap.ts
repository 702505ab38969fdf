import type { WiretapRequest, WiretapResult } from '../../lib/daemon-api.ts'
import { ignoring } from '../../lib/diff/ignored.ts'
import type { FaultFields } from '../../lib/fault.ts'
import { ATTACH_OPTIONS, attachRequest } from '../attach-request.ts'
import { checkExpressions } from '../check-expressions.ts'
import type { Call, Command } from '../command.ts'
import { DaemonClient, type Held } from '../daemon-client.ts'
import { FILTER_OPTIONS } from '../filter-options.ts'
import { holdShown, keepShown } from '../hold.ts'
import { LastWords } from '../last-words.ts'
import { usage } from '../parse.ts'
import { findProgram, runProgram } from '../program.ts'
import { endedText } from '../render/ended.ts'
import { begunText, ShownWiretap, type WiretapEvent } from '../shown-wiretap.ts'
import { untilStopped } from '../until-stopped.ts'

/** It ran well, and found that answers differ. */
const FOUND = 79
/** The daemon is gone. */
const UNREACHABLE = 69

export const wiretap: Command = {
  name: 'wiretap',
  summary: "Get copies of a workload's requests; the app answers them",
  args: [{ name: 'workload', summary: 'kind/name such as deploy/orders, or a name that only one workload has' }],
  options: [
    ...FILTER_OPTIONS,
    { flags: '--percent <number>', summary: 'share of these requests that is copied (default: 100)' },
    { flags: '--max-rps <number>', summary: 'copies a second at most, of all pods together' },
    { flags: '--diff', summary: "show where the program's answers differ from the app's, until Ctrl-C" },
    {
      flags: '--ignore <field>',
      summary:
        'a header, or a JSON path such as $.items[*].at, that may differ; x-* and $.user.x* are all that begin so',
      repeated: true,
    },
    ...ATTACH_OPTIONS,
  ],
  program: 'optional',
  examples: [
    {
      what: 'a tenth of all requests, to a program that runs as long as this command',
      line: 'remocal wiretap deploy/orders -n shop --all --percent 10 -- node examples/shop/orders.js',
    },
    {
      what: 'what a new version on port 9090 of this laptop answers differently',
      line: "remocal wiretap deploy/orders -n shop --all --port http:9090 --diff --ignore '$.host' --ignore 'x-*'",
    },
    { what: 'your requests, copied to port 8080 until `leave`', line: 'remocal wiretap orders -n shop' },
  ],
  async run(call) {
    const { program, io } = call
    const request = requestOf(call)
    await checkExpressions(call)
    if (program.length > 0) findProgram(program[0] ?? '', io)
    const shown = new ShownWiretap(call, request)
    const stays = !request.command && !request.diff
    const held = stays
      ? await keepShown<WiretapResult>(call, '/v1/wiretap', request)
      : await holdShown<WiretapResult>(call, '/v1/wiretap', request, (event) => shown.tell(event as WiretapEvent))
    let words: LastWords | undefined
    try {
      const { run: place, ...result } = held.result
      if (place === undefined && !request.diff) {
        call.print(result, begunText)
        return 0
      }
      words = new LastWords()
      shown.begin(result)
      for (const note of place?.notes ?? []) io.stderr(`note: ${note}\n`)
      const ended = place === undefined ? undefined : held.closed.then((fault) => io.stderr(endedText(fault)))
      const code =
        place === undefined ? await untilEnd(held, io) : await runProgram(place, program, io, ended ?? held.closed)
      words.begin()
      await shown.end(result.name)
      return code === 0 && place === undefined && shown.differed ? FOUND : code
    } finally {
      held.close()
      // Whoever looks after this command has ended finds nothing of it.
      await new DaemonClient(io).callRunning('/v1/settle', { target: request.target }).catch(() => {})
      words?.end()
    }
  },
}

/** Waits for Ctrl-C, or until the wiretap ends otherwise. @returns the exit code */
async function untilEnd({ closed }: Held<unknown>, io: Call['io']): Promise<number> {
  const { stopped, off } = untilStopped()
  try {
    const ended = await Promise.race([stopped.then(() => 'stopped' as const), closed])
    if (ended === 'stopped') return 0
    if (ended !== undefined) return endedBy(ended, io)
    io.stderr('remocal: the daemon has ended, and the wiretap with it\n')
    return UNREACHABLE
  } finally {
    off()
  }
}

function endedBy(fault: FaultFields, io: Call['io']): number {
  io.stderr(endedText(fault))
  // Who left it by a command of his own has no failure.
  return fault.actions.length === 0 ? 0 : fault.exit
}

function requestOf(call: Call): WiretapRequest {
  const { percent, maxRps, diff } = call.options
  const ignore = (call.options.ignore ?? []) as string[]
  const known = ignoring(ignore)
  if ('wrong' in known)
    throw usage(
      wiretap,
      `--ignore "${known.wrong}" is neither a header's name, or its beginning and *, nor a JSON path such as $.items[*].id`,
    )
  if (ignore.length > 0 && diff !== true) throw usage(wiretap, '--ignore is about differences, so it goes with --diff')
  const request: WiretapRequest = {
    ...attachRequest(wiretap, call),
    percent: numberOf('--percent', percent, 0.001, 100) ?? 100,
    diff: diff === true,
    ignore,
  }
  const most = numberOf('--max-rps', maxRps, 0.1, 100_000)
  if (most !== undefined) request.maxRps = most
  return request
}

function numberOf(flag: string, given: unknown, least: number, most: number): number | undefined {
  if (typeof given !== 'string') return undefined
  const number = /^\d+(\.\d+)?%?$/.test(given) ? Number.parseFloat(given) : Number.NaN
  if (number >= least && number <= most) return number
  throw usage(wiretap, `${flag} is a number from ${least} to ${most}, not "${given}"`)
}
