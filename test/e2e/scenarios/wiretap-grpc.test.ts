/** A wiretap whose program speaks HTTP/2 only: calls of gRPC reach it whole, and its answers are compared with their trailers. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import type { DifferenceEvent, StatusResult, WiretapCounts, WiretapResult } from '../../../src/lib/daemon-api.ts'
import { Crowd, counted } from '../crowd.ts'
import { laptopHome, place } from '../place.ts'
import { bundled } from '../pod-program.ts'
import { type Running, remocal, remocalJson, start } from '../remocal.ts'
import { until } from '../until.ts'

const PROGRAM = join(import.meta.dirname, '../programs/grpc-people.js')
const APP = 'copied-calls'
/** Calls that must be compared. */
const CALLS = 60

const { client, kubeconfig } = place()
const env = { REMOCAL_HOME: laptopHome(), ROLE: 'server', PORT: '8080' }
const text = await bundled(PROGRAM, 'cjs')
const crowd = new Crowd({
  ...{ client, kubeconfig, app: APP, file: PROGRAM, firstPort: 18_360 },
  program: { name: 'copied-calls-program', file: 'grpc-people.cjs', text },
})
let running: Running | undefined

before(async () => {
  await crowd.start()
  await remocal(['connect', '-n', 'shop'], { env })
})

afterEach(async () => {
  await running?.end()
  running = undefined
})

after(async () => {
  await remocal(['quit'], { env })
  await crowd.end()
  client.close()
})

/** Taps with a program that says this of itself, until enough calls of new clients were compared. */
async function tapped(who: string): Promise<WiretapCounts> {
  const args = ['wiretap', `deploy/${APP}`, '-n', 'shop', '--all', '--diff', '-o', 'json']
  // The app's environment, which the program gets, says who the app is.
  running = start([...args, '--', 'env', `WHO=${who}`, process.execPath, PROGRAM], { env })
  await running.printed(/SERVING/)
  const [line] = await running.printed(/^\{"kind":"begun".*$/m)
  const { name } = JSON.parse(line) as WiretapResult
  // Connections from before the wiretap would not be copied.
  const clients = await crowd.clients({
    ...{ ROLE: 'client', HOST: `${APP}:80`, CHANNELS: '2', CALLS: '2' },
    RULES: JSON.stringify([]),
  })
  const counts = await until('calls are compared', 30_000, async () => {
    const { clusters } = await remocalJson<StatusResult>(['status'], { env })
    const counts = clusters[0]?.attachments.find((one) => one.name === name)?.wiretap
    return (counts?.compared?.same ?? 0) + (counts?.compared?.different ?? 0) >= CALLS ? counts : undefined
  })
  const { lost, wrong } = await counted(clients)
  assert.deepEqual([lost, wrong], [0, 0])
  return counts
}

test('a program that answers as the app does is the same, and one that does not differs, in its trailers too', async () => {
  const same = await tapped('app')
  assert.deepEqual([same.compared?.different, same.compared?.uncompared], [0, 0], running?.output())
  assert.equal(
    Object.values(same.dropped).reduce((sum, some) => sum + some, 0),
    0,
  )
  await running?.end()
  const other = await tapped('laptop')
  assert.equal(other.compared?.same, 0)
  const differences = (running?.output().match(/^\{"kind":"difference".*$/gm) ?? []).map(
    (line): DifferenceEvent => JSON.parse(line),
  )
  assert.ok(differences.length >= CALLS)
  for (const one of differences) {
    const who = one.differences.find(({ field }) => field === 'x-who')
    assert.deepEqual(who, { field: 'x-who', app: 'app', laptop: 'laptop' }, JSON.stringify(one))
  }
})
