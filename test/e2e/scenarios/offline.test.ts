/** Commands of a laptop without a network say what they wait for and what was not done, and what was left is done later. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { GROUP, type Intercept, VERSION } from '../../../src/kube/resources.ts'
import type { LeaveResult } from '../../../src/lib/daemon-api.ts'
import { laptopHome, place } from '../place.ts'
import { killHard, processes } from '../processes.ts'
import { type Ran, remocal, start } from '../remocal.ts'
import { until } from '../until.ts'
import { Way } from '../way.ts'

const { client, kubeconfig } = place()
const home = laptopHome()
let way: Way
let env: Record<string, string>

before(async () => {
  way = await Way.open(kubeconfig)
  env = { REMOCAL_HOME: home, KUBECONFIG: way.kubeconfig }
})

after(async () => {
  await way.mend().catch(() => {})
  await remocal(['quit'], { env })
  way.end()
  client.close()
})

/** Names of the attachments in the cluster. */
async function there(): Promise<string[]> {
  const path = { apiVersion: `${GROUP}/${VERSION}`, kind: 'Intercept', namespace: 'shop' }
  return (await client.list<Intercept>(path)).items.map(({ metadata }) => metadata.name)
}

async function attach(): Promise<string> {
  const { code, stderr } = await remocal(['intercept', 'orders', '-n', 'shop', '--port', '80:39123'], { env })
  assert.equal(code, 0, stderr)
  const [name = ''] = await there()
  return name
}

const leave = (): Promise<Ran> => remocal(['leave', '-o', 'json'], { env })

test('leave without a network says that the cluster did not hear of it; it is deleted when the network is back', async () => {
  const name = await attach()
  way.cut('cut')
  for (let time = 0; time < 2; time++) {
    const { code, stdout, stderr } = await leave()
    assert.deepEqual([code, /RC-I-216/.test(stderr)], [69, true], stdout + stderr)
    const { left, remaining } = JSON.parse(stdout) as LeaveResult
    assert.deepEqual([left, remaining.map((one) => one.name)], [[], [name]])
  }
  assert.deepEqual(await there(), [name])
  await way.mend()
  await until('it is deleted', 60_000, async () => (await there()).length === 0)
  const { code, stdout } = await leave()
  assert.deepEqual([code, JSON.parse(stdout)], [0, { left: [], remaining: [] }])
})

test('leave takes away what a daemon that was killed has left', async () => {
  const name = await attach()
  const [daemon] = processes(/(main\.ts|remocal\.mjs) daemon$/).filter(({ environment }) =>
    environment.includes(`REMOCAL_HOME=${home}\n`),
  )
  assert.ok(daemon)
  await killHard(daemon)
  const { code, stdout, stderr } = await leave()
  assert.equal(code, 0, stderr)
  assert.deepEqual((JSON.parse(stdout) as LeaveResult).left, [{ namespace: 'shop', name }])
  assert.deepEqual(await there(), [])
})

test('a command whose cluster is silent says what it waits for, and goes on when it is not', async () => {
  await remocal(['connect'], { env })
  way.cut('silent')
  const list = start(['list', '-n', 'shop'], { env })
  await list.printed(/^waiting for /m)
  const over = once(list.child, 'close')
  await way.mend()
  const [code] = await over
  assert.equal(code, 0, list.output())
  assert.match(list.output(), /^deploy\/orders /m)
})
