import { fault } from '../../diagnose/catalogue.ts'
import type { InstallResult, InstallStep } from '../../kube/install/install.ts'
import { EXPOSE, type Expose } from '../../kube/install/options.ts'
import { INSTALLATION } from '../../kube/resources.ts'
import { systemClock } from '../../lib/clock.ts'
import { imageOf, VERSION } from '../../lib/version.ts'
import type { Call, Command } from '../command.ts'
import { targetOf } from '../target.ts'
import { wonder } from '../waiting.ts'

export const install: Command = {
  name: 'install',
  summary: 'Install Remocal in the cluster, or bring an installation up to this version',
  args: [],
  options: [
    { flags: '--image <name>', summary: 'image of managers and agents' },
    {
      flags: '--expose <type>',
      summary:
        'NodePort or LoadBalancer: one port for laptops beside the API server; only keys that Kubernetes vouches for get past it, ' +
        'who listens on the path sees pod uids, amounts and times (default: none; takes an earlier one away)',
    },
  ],
  examples: [
    { what: 'this version', line: 'remocal install' },
    { what: 'an image of your own', line: 'remocal install --image registry.example.com/remocal:dev' },
    { what: 'with a way in past the API server', line: 'remocal install --expose LoadBalancer' },
  ],
  async run(call) {
    const [{ KubeClient }, { loadConfig }, { install: apply }] = await Promise.all([
      import('../../kube/client.ts'),
      import('../../kube/config.ts'),
      import('../../kube/install/install.ts'),
    ])
    const { kubeconfig, context, env } = targetOf(call)
    const expose = exposeOf(call.options.expose)
    const client = new KubeClient({ target: loadConfig({ kubeconfig, context, env }), clock: systemClock })
    const waiting = wonder(async () => call.io.stderr(`waiting for the API server at ${client.target.server}\n`))
    const image = typeof call.options.image === 'string' ? call.options.image : imageOf(VERSION)
    try {
      const result = await apply(client, {
        image,
        version: VERSION,
        expose,
        clock: systemClock,
        signal: call.signal,
        onStep(step) {
          waiting.end()
          call.io.stderr(`${stepText(step)}\n`)
        },
      })
      for (const { what, without } of result.skipped) call.io.stderr(`warning: without ${what} ${without}\n`)
      call.print(result, (done) => readyText(done, image))
    } finally {
      waiting.end()
      client.close()
    }
    return 0
  },
}

function readyText({ namespace, reach }: InstallResult, image: string): string {
  const ready = `Remocal is ready in ${namespace}, with image ${image}.\n`
  if (reach === undefined) return ready
  if (reach.length > 0)
    return `${ready}Laptops reach it at ${reach.join(', ')}, where they can, else through the API server.\n`
  const service = `kubectl get service ${INSTALLATION.outside} -n ${namespace}`
  return `${ready}It has no address outside yet, so laptops go through the API server; they find it by themselves: ${service}\n`
}

function stepText(step: InstallStep): string {
  switch (step.kind) {
    case 'object':
      return `${step.object} ${step.result}`
    case 'skipped':
      return `${step.what} skipped: ${step.reason}`
    case 'waiting':
      return `waiting for ${step.what}: ${step.reason}`
    case 'ready':
      return `${step.what} is ready`
  }
}

/** Case does not matter. Throws RC-U-101. */
function exposeOf(typed: Call['options'][string]): Expose | undefined {
  if (typed === undefined) return undefined
  const found = EXPOSE.find((type) => type.toLowerCase() === String(typed).toLowerCase())
  if (found !== undefined) return found
  throw fault(
    'RC-U-101',
    `Cannot install with --expose ${typed}: it takes ${EXPOSE.join(' or ')}. Nothing was changed.`,
    ['remocal install --help'],
  )
}
