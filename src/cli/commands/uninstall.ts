import type { UninstallStep } from '../../kube/install/uninstall.ts'
import { systemClock } from '../../lib/clock.ts'
import type { Command } from '../command.ts'
import { DaemonClient } from '../daemon-client.ts'
import { targetOf } from '../target.ts'
import { wonder } from '../waiting.ts'

export const uninstall: Command = {
  name: 'uninstall',
  summary: 'Take Remocal out of the cluster, and end all attachments in it',
  args: [],
  options: [],
  examples: [{ what: 'from the current context', line: 'remocal uninstall' }],
  async run(call) {
    const [{ KubeClient }, { loadConfig }, { uninstall: remove }] = await Promise.all([
      import('../../kube/client.ts'),
      import('../../kube/config.ts'),
      import('../../kube/install/uninstall.ts'),
    ])
    const target = targetOf(call)
    const { kubeconfig, context, env } = target
    const client = new KubeClient({
      target: loadConfig({ kubeconfig, env, ...(context !== undefined && { context }) }),
      clock: systemClock,
    })
    const waiting = wonder(async () => call.io.stderr(`waiting for the API server at ${client.target.server}\n`))
    try {
      const result = await remove(client, {
        clock: systemClock,
        signal: call.signal,
        onStep(step) {
          waiting.end()
          call.io.stderr(`${stepText(step)}\n`)
        },
      })
      call.print(result, ({ intercepts, deleted }) =>
        deleted.length === 0
          ? 'Remocal was not installed.\n'
          : `Remocal is gone: ${deleted.length} objects deleted, ${intercepts.length} attachments ended.\n`,
      )
      // Our own daemon need not look for it any more.
      await new DaemonClient(call.io).callRunning('/v1/disconnect', { target }).catch(() => {})
    } finally {
      waiting.end()
      client.close()
    }
    return 0
  },
}

function stepText(step: UninstallStep): string {
  return step.kind === 'kept' ? `${step.object} kept: ${step.reason}` : `${step.object} ${step.result}`
}
