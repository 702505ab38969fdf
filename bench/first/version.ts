/** How long the smallest command takes. */
import { spawnSync } from 'node:child_process'
import { REMOCAL } from '../../test/e2e/remocal.ts'
import { type Figure, figure } from '../lib/figure.ts'
import { hasKubectl, timed, times } from '../lib/times.ts'

export async function version(): Promise<Figure> {
  const of = (command: string, ...args: string[]): Promise<number[]> =>
    times(() => timed(() => spawnSync(command, args)))
  const values = await of(REMOCAL, '--version')
  const peer = { name: 'kubectl version --client', values: await of('kubectl', 'version', '--client') }
  return figure({
    name: 'remocal --version',
    values,
    unit: 'ms',
    ...(hasKubectl() && { peer }),
    goal: '< 60 ms',
    holds: (value) => value < 60,
  })
}
