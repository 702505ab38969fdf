/** The options that say how TLS is looked into; without them it is, where somebody may. */
import type { TlsRequest } from '../lib/daemon-api.ts'
import type { Call, Command, Option } from './command.ts'
import { usage } from './parse.ts'

export const TLS_OPTIONS: Option[] = [
  { flags: '--tls-cert <path>', summary: "file of the app's certificate in the pod, where it is not found by itself" },
  { flags: '--tls-key <path>', summary: 'file of its private key in the pod' },
  { flags: '--plaintext', summary: 'give the program here in plain text what comes in TLS' },
]

/** Throws RC-U-101. */
export function tlsOf(command: Pick<Command, 'name'>, { options }: Pick<Call, 'options'>): TlsRequest | undefined {
  const asked: TlsRequest = {}
  for (const [option, part] of [
    ['tlsCert', 'cert'],
    ['tlsKey', 'key'],
  ] as const) {
    const path = options[option]
    if (typeof path !== 'string') continue
    if (!path.startsWith('/')) throw usage(command, `--tls-${part} is a path in the pod, so it begins with /`)
    asked[part] = path
  }
  if (options.plaintext === true) asked.plaintext = true
  return Object.keys(asked).length > 0 ? asked : undefined
}
