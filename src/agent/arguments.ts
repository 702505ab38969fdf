/** The command line of an agent, written by the manager (or, for the dialer, by `install`). */
import { parseArgs } from 'node:util'
import type { TakeoverMode } from './takeover/nft.ts'

export interface AgentArguments {
  dialer: boolean
  namespace: string
  pod: string
  podUid: string
  container: string
  /** Container of the app whose process is looked at. */
  target: string
  installationKey: string
  /** `host:port` of managers. */
  managers: string[]
  /** DNS name and port of all managers. */
  managersName: string
  /** The only way in which ports may be taken; without it the best that works. */
  takeover?: TakeoverMode
  /** Descriptor of what the privileged beginning hands over; the agent gives it to itself. */
  handed?: number
}

/** Throws when one is missing or unknown. */
export function readArguments(argv: string[]): AgentArguments {
  const text = { type: 'string', default: '' } as const
  const { values } = parseArgs({
    args: argv,
    options: {
      dialer: { type: 'boolean', default: false },
      namespace: text,
      pod: text,
      'pod-uid': text,
      container: text,
      target: text,
      'installation-key': text,
      managers: text,
      'managers-name': text,
      takeover: { type: 'string' },
      handed: { type: 'string' },
    },
  })
  for (const name of ['namespace', 'pod', 'pod-uid', 'container', 'installation-key'] as const) {
    if (values[name] === '') throw new Error(`--${name} is missing`)
  }
  const { takeover } = values
  if (takeover !== undefined && takeover !== 'tproxy' && takeover !== 'redirect') {
    throw new Error(`--takeover is tproxy or redirect, not ${takeover}`)
  }
  return {
    dialer: values.dialer,
    namespace: values.namespace,
    pod: values.pod,
    podUid: values['pod-uid'],
    container: values.container,
    target: values.target,
    installationKey: values['installation-key'],
    managers: values.managers.split(',').filter((one) => one !== ''),
    managersName: values['managers-name'],
    ...(takeover !== undefined && { takeover }),
    ...(values.handed !== undefined && { handed: Number(values.handed) }),
  }
}
