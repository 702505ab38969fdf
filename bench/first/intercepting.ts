/** From the command until the laptop answers the cluster's requests, in pods that have no agent yet. */
import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/resources.ts'
import { untilReady } from '../../test/e2e/ready.ts'
import { REMOCAL } from '../../test/e2e/remocal.ts'
import { until } from '../../test/e2e/until.ts'
import { type Figure, figure } from '../lib/figure.ts'
import type { Env, Shop } from '../lib/shop.ts'
import { end, printed, timed, times } from '../lib/times.ts'

/** Asks the Service every 10 ms, from inside the cluster's network, and says who answered. */
const ASKING = `
for (;;) {
  try {
    const headers = { 'x-user': 'bench', connection: 'close' }
    const response = await fetch('http://orders/orders/1', { headers, signal: AbortSignal.timeout(2000) })
    console.log((await response.json()).host)
  } catch { console.log('failed') }
  await new Promise((resolve) => setTimeout(resolve, 10))
}`

/** A kubelet that has just started a pod takes 2 s to look at it again; pods that somebody intercepts have run for a while. */
const SETTLED_MS = 10_000

export async function intercepting({ say, env, client, cluster }: Shop): Promise<Figure> {
  const values = await times(async (index) => {
    say(`intercept ${index + 1}`)
    await newPods(client)
    if (cluster) await delay(SETTLED_MS)
    return untilLaptopAnswers(env)
  })
  return figure({
    name: 'intercept until the laptop answers, no agent before',
    values,
    unit: 'ms',
    goal: '< 1500 ms',
    holds: (value) => value < 1500,
  })
}

async function untilLaptopAnswers(env: Env): Promise<number> {
  const start = (args: string[], more: Env = {}): ReturnType<typeof spawn> =>
    spawn(REMOCAL, args, { env: { ...process.env, ...env, ...more }, stdio: ['ignore', 'pipe', 'ignore'] })
  const asking = start(['run', '-n', 'shop', '--', process.execPath, '--input-type=module', '-e', ASKING])
  const program = ['--', process.execPath, 'examples/shop/orders.js']
  try {
    await printed(asking, /orders-/)
    let intercept: ReturnType<typeof spawn> | undefined
    const took = await timed(async () => {
      const args = ['intercept', 'deploy/orders', '-n', 'shop', '--header', 'x-user=bench', ...program]
      intercept = start(args, { HOST_LABEL: 'laptop' })
      intercept.stdout?.resume()
      await printed(asking, /laptop/)
    })
    if (intercept !== undefined) await end(intercept)
    return took
  } finally {
    await end(asking)
  }
}

/** Replaces the pods of orders. */
async function newPods(client: KubeClient): Promise<void> {
  const pods = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop' }
  const list = async (): Promise<KubeObject[]> => (await client.list(pods, { labelSelector: 'app=orders' })).items
  const old = await list()
  for (const { metadata } of old) await client.delete({ ...pods, name: metadata.name }, { gracePeriodSeconds: 0 })
  await until('the old pods are gone', 30_000, async () => {
    const now = new Set((await list()).map(({ metadata }) => metadata.uid))
    return old.every(({ metadata }) => !now.has(metadata.uid))
  })
  await untilReady(client, 'shop')
}
