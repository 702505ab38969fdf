/** Which cluster a call is about, as the daemon needs to know it. */
import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import type { Target } from '../lib/daemon-api.ts'
import type { Call } from './command.ts'

/**
 * The kubeconfig's paths made absolute, and this shell's environment: a credential plugin may need any of it, and gets
 * what kubectl would give it. It stays in the daemon's memory.
 */
export function targetOf({ io, kubeconfig, context }: Pick<Call, 'io' | 'kubeconfig' | 'context'>): Target {
  const { env, cwd } = io
  const named = kubeconfig ?? env.KUBECONFIG
  const paths =
    named !== undefined && named !== ''
      ? named.split(delimiter).filter((path) => path !== '')
      : [join(env.HOME ?? homedir(), '.kube/config')]
  const given = Object.entries(env).filter(
    (pair): pair is [string, string] => pair[1] !== undefined && !pair[0].startsWith('REMOCAL_'),
  )
  const target: Target = {
    kubeconfig: paths.map((path) => resolve(cwd, path)).join(delimiter),
    env: Object.fromEntries(given),
  }
  if (context !== undefined) target.context = context
  return target
}
