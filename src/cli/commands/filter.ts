import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fault } from '../../diagnose/catalogue.ts'
import type { StatusResult } from '../../lib/daemon-api.ts'
import { STEPS } from '../../lib/filter/budget.ts'
import { type Explained, explainCel } from '../../lib/filter/cel/explain.ts'
import { compileFilter } from '../../lib/filter/compile.ts'
import { FilterError } from '../../lib/filter/filter-error.ts'
import type { FilterRequest } from '../../lib/filter/request.ts'
import { writeTerm } from '../../lib/filter/term.ts'
import { BadMessage } from '../../lib/http1/bad-message.ts'
import { readRequestText } from '../../lib/http1/request-text.ts'
import { systemReason } from '../../lib/system-reason.ts'
import { besideFilter, isWorkload } from '../beside-filter.ts'
import { checkExpressions } from '../check-expressions.ts'
import type { Call, Command } from '../command.ts'
import { DaemonClient } from '../daemon-client.ts'
import { INTERCEPT_OPTIONS, interceptRequest } from '../intercept-options.ts'
import { usage } from '../parse.ts'
import { explainedText, shownValue } from '../render/explained.ts'

/** "Ran well and found problems": the request is not matched. */
const NO_MATCH = 79

export interface FilterTest extends Explained {
  filter: string
  /** Steps that a filter may take on one request. */
  stepsAllowed: number
}

export const filter: Command = {
  name: 'filter',
  summary: 'Try a filter on a request: test',
  args: [
    { name: 'action', summary: 'test' },
    {
      name: 'cel',
      summary: 'the expression; or the workload and the options of a line of intercept, whose filter is tried',
      optional: true,
    },
  ],
  options: [
    {
      flags: '--request <file>',
      summary: 'an HTTP/1 request as text, such as curl -v shows; - is the standard input; required',
    },
    ...INTERCEPT_OPTIONS,
  ],
  program: 'ignored',
  examples: [
    {
      what: 'which part of an expression is true and which is not; the exit code is 79 when it does not match',
      line: `printf 'GET /api/7 HTTP/1.1\\nHost: orders\\n' | remocal filter test 'request.path.startsWith("/api/")' --request -`,
    },
    {
      what: 'a line of intercept, with a request from elsewhere',
      line: `remocal run -n shop -- curl -v http://orders/orders/1 2>&1 | remocal filter test deploy/orders --not --path /health --request -`,
    },
  ],
  async run(call) {
    const [action = ''] = call.args
    if (action !== 'test')
      throw usage(
        filter,
        `"${action}" is no action of filter, which has only test: remocal filter test CEL --request FILE`,
      )
    await checkExpressions(call)
    const cel = await celOf(call)
    let noBody: string | undefined
    const request = await requestOf(call, (why) => {
      noBody = why
    })
    const { needsBody, ...found } = await explained(cel, request)
    const tested: FilterTest = { filter: cel, ...found, stepsAllowed: STEPS }
    if (needsBody && noBody !== undefined) call.io.stderr(`note: request.body is absent: ${noBody}\n`)
    if (call.output === 'json') {
      const parts = tested.parts.map((part) => ({ ...part, ...('value' in part && { value: shownValue(part.value) }) }))
      call.print({ ...tested, parts }, () => '')
    } else call.print(tested, explainedText)
    return tested.matches ? 0 : NO_MATCH
  },
}

async function celOf(call: Call): Promise<string> {
  const [, typed] = call.args
  const { filter: short } = interceptRequest(filter, call)
  const workload = typed !== undefined && isWorkload(typed, short !== undefined) ? typed : undefined
  for (const line of besideFilter(call, workload)) call.io.stderr(`note: ${line}\n`)
  const cel = workload === undefined ? typed : undefined
  if (workload !== undefined && short === undefined) return markOf(call)
  if (cel !== undefined && short !== undefined)
    throw usage(filter, 'either an expression or options say the filter, not both')
  const given = cel ?? short
  const isMissing = given === undefined || (cel !== undefined && cel.trim() === '')
  if (isMissing) throw usage(filter, 'the filter is missing: an expression or options')
  return given
}

/** What `intercept` takes without a filter: the mark of this person in this context. */
async function markOf(call: Call): Promise<string> {
  const status = await new DaemonClient(call.io).callRunning<StatusResult>('/v1/status', { context: call.context })
  const marks = new Set(status?.clusters.map(({ mark }) => mark))
  const [mark = '', ...more] = marks
  if (mark !== '' && more.length === 0) return writeTerm({ kind: 'mark', mark })
  throw usage(filter, 'without a filter your mark is meant, which is known once you are connected: remocal connect')
}

async function explained(cel: string, request: FilterRequest): Promise<Explained & { needsBody: boolean }> {
  try {
    // As a whole first: it also knows what is too long.
    const { needs } = await compileFilter(cel)
    if (cel === '') return { matches: true, steps: 0, parts: [], needsBody: false }
    return { ...explainCel(cel, request), needsBody: needs.body }
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    throw fault('RC-U-102', `Cannot use the filter: ${error.message}.\n${error.shown}`, ['remocal filter --help'])
  }
}

async function requestOf({ options, io }: Call, onNoBody: (why: string) => void): Promise<FilterRequest> {
  const { request: path } = options
  if (typeof path !== 'string') throw usage(filter, '--request is missing: a file with an HTTP request, or -')
  const name = path === '-' ? 'the standard input' : path
  try {
    const bytes = path === '-' ? await io.stdin() : await readFile(resolve(io.cwd, path))
    return readRequestText(bytes, onNoBody)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const why =
      error instanceof BadMessage
        ? `${name} holds no HTTP request: ${error.message}`
        : `Cannot read ${name}: ${systemReason(error)}`
    throw fault('RC-U-103', `${why}.`, ['remocal filter --help'], error)
  }
}
