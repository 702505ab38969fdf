/** The command line of an agent, written by the manager (or, for the dialer, by `install`). */
import { parseArgs } from 'node:util'

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
    },
  })
  for (const name of ['namespace', 'pod', 'pod-uid', 'container', 'installation-key'] as const) {
    if (values[name] === '') throw new Error(`--${name} is missing`)
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
  }
}
