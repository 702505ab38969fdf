/** From nothing to a laptop that is a member of the cluster. */
import { spawn } from 'node:child_process'
import { type Figure, figure } from '../lib/figure.ts'
import { type Env, must, type Shop } from '../lib/shop.ts'
import { end, hasKubectl, printed, timed, times } from '../lib/times.ts'

export async function connecting({ say, env, cluster }: Shop): Promise<Figure> {
  say('connect')
  const values = await times(async () => {
    await must(['quit'], env)
    return timed(() => must(['connect'], env))
  })
  const limit = cluster ? 2000 : 1000
  // kubectl's port-forward speaks SPDY, which the sandbox does not.
  const peer =
    cluster && hasKubectl()
      ? { name: 'kubectl port-forward until first byte', values: await times(() => portForward(env)) }
      : undefined
  return figure({
    name: 'remocal connect, with a new daemon',
    values,
    unit: 'ms',
    ...(peer !== undefined && { peer }),
    goal: `< ${limit} ms`,
    holds: (value) => value < limit,
  })
}

/** Until a request through it has its first byte. */
async function portForward(env: Env): Promise<number> {
  const child = spawn('kubectl', ['port-forward', '-n', 'shop', 'svc/orders', ':80'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    return await timed(async () => {
      const [, port] = await printed(child, /127\.0\.0\.1:(\d+)/)
      await (await fetch(`http://127.0.0.1:${port}/health`)).text()
    })
  } finally {
    await end(child)
  }
}
