import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import type { Call, Command } from '../command.ts'
import { DaemonClient } from '../daemon-client.ts'
import { meant, usage } from '../parse.ts'

const ACTIONS = ['up', 'down', 'status', 'kubeconfig', 'image']

export const sandbox: Command = {
  name: 'sandbox',
  summary: 'A small Kubernetes on this laptop: up, down, status, kubeconfig, image',
  args: [
    { name: 'action', summary: 'up, down, status, kubeconfig, or image' },
    { name: 'image', summary: 'name of the image, with `image`', optional: true },
  ],
  options: [{ flags: '--root <folder>', summary: 'folder of the image, with `image`' }],
  program: 'optional',
  examples: [
    { what: 'start it, or do nothing when it runs', line: 'remocal sandbox up' },
    { what: 'use it', line: 'export KUBECONFIG=$(remocal sandbox kubeconfig)' },
    {
      what: 'name a folder and a command as an image',
      line: 'remocal sandbox image shop:dev --root examples/shop -- node',
    },
    { what: 'take it down, with everything in it', line: 'remocal sandbox down' },
  ],
  async run(call) {
    const [action = ''] = call.args
    const commands = await import('../../sandbox/command.ts')
    const context = { env: call.io.env, entry: call.io.entry }
    switch (action) {
      case 'up': {
        const up = await commands.sandboxUp(context)
        call.print(up, ({ kubeconfig, already, tookMs }) =>
          already ? `${kubeconfig} (already up)\n` : `${kubeconfig} (up in ${(tookMs / 1000).toFixed(1)} s)\n`,
        )
        return 0
      }
      case 'down': {
        const down = await commands.sandboxDown(context)
        const target = { kubeconfig: commands.kubeconfigPath(context) }
        await new DaemonClient(call.io).callRunning('/v1/disconnect', { target }).catch(() => {})
        call.print({ down }, () => (down ? 'The sandbox is down.\n' : 'The sandbox was not up.\n'))
        return 0
      }
      case 'status': {
        call.print(commands.sandboxStatus(context), ({ state, pid, kubeconfig, images }) => {
          const first = state === 'up' ? `up    pid ${pid}    ${kubeconfig}` : 'down'
          const rest = Object.entries(images).map(
            ([name, { root, command }]) => `image  ${name}  ${root}  ${command.join(' ')}`,
          )
          return `${[first, ...rest].join('\n')}\n`
        })
        return 0
      }
      case 'kubeconfig': {
        const path = commands.sandboxKubeconfig(context)
        call.print({ kubeconfig: path }, () => `${path}\n`)
        return 0
      }
      case 'image':
        return addImage(call, commands.addImage)
      default:
        throw usage(sandbox, `there is no action "${action}"${meant(action, ACTIONS)}; there are ${ACTIONS.join(', ')}`)
    }
  },
}

type AddImage = (context: { env: Call['io']['env'] }, name: string, image: { root: string; command: string[] }) => void

function addImage(call: Call, add: AddImage): number {
  const [, name] = call.args
  const { root } = call.options
  if (name === undefined || typeof root !== 'string' || call.program.length === 0) {
    throw usage(sandbox, 'an image has a name, a folder and a command: image NAME --root FOLDER -- COMMAND')
  }
  const folder = resolve(call.io.cwd, root)
  if (!existsSync(folder)) throw usage(sandbox, `there is no folder ${folder}`)
  const [program = '', ...rest] = call.program
  add(call.io, name, { root: folder, command: [absolute(program, call), ...rest] })
  call.print({ name, root: folder }, () => `Image ${name} is ${folder}.\n`)
  return 0
}

/** Containers start programs by their path: their PATH is another one. */
function absolute(program: string, { io }: Call): string {
  if (program.includes('/')) {
    const path = resolve(io.cwd, program)
    if (!existsSync(path)) throw usage(sandbox, `there is no program ${path}`)
    return path
  }
  const found = (io.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find(existsSync)
  if (found === undefined) throw usage(sandbox, `there is no program "${program}" on the PATH`)
  return found
}
