/** What `intercept` is asked for, and `filter test` with it: a line of the one is a line of the other. */
import type { InterceptRequest } from '../lib/daemon-api.ts'
import { ATTACH_OPTIONS, attachRequest } from './attach-request.ts'
import type { Call, Command, Option } from './command.ts'
import { FILTER_OPTIONS } from './filter-options.ts'
import { usage } from './parse.ts'

export const INTERCEPT_OPTIONS: Option[] = [
  ...FILTER_OPTIONS,
  ...ATTACH_OPTIONS,
  {
    flags: '--priority <number>',
    summary: 'who is asked first among filters that match the same request: the higher (default: 0)',
  },
  {
    flags: '--if-down <app|error>',
    summary: 'who answers while nothing listens here: the app, or a 503 (default: app)',
  },
]

/** Throws RC-U-101. */
export function interceptRequest(command: Pick<Command, 'name'>, call: Call): InterceptRequest {
  const { priority, ifDown } = call.options
  const request: InterceptRequest = attachRequest(command, call)
  if (typeof priority === 'string') {
    const number = Number(priority)
    if (!Number.isInteger(number) || Math.abs(number) > 1000)
      throw usage(command, '--priority is a whole number from -1000 to 1000')
    request.priority = number
  }
  if (ifDown !== undefined) {
    if (ifDown !== 'app' && ifDown !== 'error') throw usage(command, `--if-down is app or error, not "${ifDown}"`)
    request.ifDown = ifDown
  }
  return request
}
