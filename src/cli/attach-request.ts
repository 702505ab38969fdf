/** What `intercept` and `wiretap` are asked for with alike. */
import type { AttachRequest } from '../lib/daemon-api.ts'
import type { Call, Command, Option } from './command.ts'
import { filterOf } from './filter.ts'
import { usage } from './parse.ts'
import { targetOf } from './target.ts'
import { TLS_OPTIONS, tlsOf } from './tls-options.ts'

export const ATTACH_OPTIONS: Option[] = [
  {
    flags: '--port <port[:laptop]>',
    summary: 'port of the Service by name or number, or of the container; then the port here',
    repeated: true,
  },
  { flags: '--container <name>', summary: 'the app among several containers' },
  ...TLS_OPTIONS,
  { flags: '--reopen', summary: 'end connections from before once they are quiet, so that clients open new ones' },
]

/** Throws RC-U-101. */
export function attachRequest(command: Pick<Command, 'name'>, call: Call): AttachRequest {
  const { args, options, program, namespace } = call
  const request: AttachRequest = {
    target: targetOf(call),
    namespace: namespace ?? '',
    workload: args[0] ?? '',
    ports: (options.port ?? []) as string[],
    command: program.length > 0,
  }
  for (const port of request.ports) checkPort(command, port)
  const filter = filterOf(command, call)
  if (filter !== undefined) request.filter = filter
  if (typeof options.container === 'string') request.container = options.container
  const tls = tlsOf(command, call)
  if (tls !== undefined) request.tls = tls
  if (options.reopen === true) request.reopen = true
  return request
}

/** What can be known without the cluster. Throws RC-U-101. */
function checkPort(command: Pick<Command, 'name'>, typed: string): void {
  const [, port = '', laptop] = /^([A-Za-z0-9-]+)(?::(\d+))?$/.exec(typed) ?? []
  if (port === '') throw usage(command, `--port is "${typed}" but must be PORT or PORT:LAPTOPPORT`)
  for (const number of [port, laptop]) {
    if (number === undefined || !/^\d+$/.test(number)) continue
    if (Number(number) < 1 || Number(number) > 65535)
      throw usage(command, `--port is "${typed}" but ports are from 1 to 65535`)
  }
}
