/** Attaching and leaving under traffic fails no request: neither those of the person nor anybody else's on the same connections. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ClientPod, COUNTING } from '../client-pod.ts'
import { laptopHome, place } from '../place.ts'
import { remocal, remocalJson } from '../remocal.ts'

const { client } = place()
const env = { REMOCAL_HOME: laptopHome() }
const ANSWER_MS = 100
const program = createServer((request, response) => {
  request.resume()
  setTimeout(() => response.end(JSON.stringify({ host: 'laptop' })), ANSWER_MS)
})
const pod = new ClientPod(client, 'shop')

before(async () => {
  program.listen(0, '127.0.0.1')
  await once(program, 'listening')
})

after(async () => {
  await pod.end()
  await remocal(['quit'], { env })
  program.close()
  program.closeAllConnections()
  client.close()
})

test('ten times attached and left while 20000 requests come: none fails', async () => {
  const { port } = program.address() as AddressInfo
  const args = ['intercept', 'deploy/orders', '-n', 'shop', '--port', `80:${port}`, '--header', 'x-user=leaver']
  for (let cycle = 0; cycle < 10; cycle++) {
    await remocalJson(args, { env })
    // The first time brings the agents in; from then on it is quick enough for the traffic to see all of it.
    if (cycle === 0) {
      await pod.start(COUNTING, { URL: 'http://orders/orders/1', COUNT: '20000', HEADER: 'x-user: leaver' })
      await pod.printed(/BEGIN/)
    }
    await delay(ANSWER_MS * 3)
    await remocalJson(['leave', 'deploy/orders', '-n', 'shop'], { env })
  }
  const result = JSON.parse((await pod.printed(/RESULT (.*)/, 120_000))[1] ?? '') as {
    marked: Record<string, number>
    plain: Record<string, number>
    failed: number
  }
  assert.equal(result.failed, 0)
  assert.deepEqual(
    Object.keys(result.plain).filter((who) => !who.startsWith('orders-')),
    [],
  )
  assert.deepEqual(
    Object.keys(result.marked).filter((who) => !who.startsWith('orders-') && who !== 'laptop'),
    [],
  )
  assert.ok((result.marked.laptop ?? 0) > 20, JSON.stringify(result.marked))
})
