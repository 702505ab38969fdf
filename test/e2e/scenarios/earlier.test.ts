/** Connections that were open before an attachment began: they stay with the app and are counted, or are ended when they are quiet. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { KubeObject } from '../../../src/kube/resources.ts'
import type { StatusResult } from '../../../src/lib/daemon-api.ts'
import { ClientPod, scriptContainer } from '../client-pod.ts'
import { apply } from '../manifests.ts'
import { laptopHome, place } from '../place.ts'
import { untilReady } from '../ready.ts'
import { type Running, remocal, remocalJson, start } from '../remocal.ts'
import { until } from '../until.ts'

const { client } = place()
const env = { REMOCAL_HOME: laptopHome() }
const CLIENTS = 5
/** Connections that nobody asks on are kept by this app, for its clients leave them alone for seconds. */
const serverOf = (who: string): string => `
import { createServer } from 'node:http'
createServer({ keepAliveTimeout: 600000 }, (_, response) => response.end('${who}')).listen(8080, () => console.log('LISTENING'))`

/** Clients with one connection each, that ask every four seconds or so; of each answer a line: client, its how many-th connection, who answered. */
const ASKING = `
import http from 'node:http'
async function keep(number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const sockets = new Set()
  for (;;) {
    const who = await new Promise((resolve) => {
      const request = http.get({ host: 'lasting', agent, headers: { 'x-user': 'jane' }, timeout: 10000 }, async (response) => {
        let body = ''
        for await (const text of response.setEncoding('utf8')) body += text
        resolve(body)
      })
      request.on('socket', (socket) => sockets.add(socket))
      request.on('error', (error) => resolve('failed:' + error.code)).on('timeout', () => request.destroy(new Error('timeout')))
    })
    console.log('ANSWER', number, sockets.size, who)
    await new Promise((resolve) => setTimeout(resolve, 4200 + Math.random() * 500))
  }
}
for (let n = 1; n <= ${CLIENTS}; n++) keep(n)
`

const name = 'lasting'
const metadata = { name, namespace: 'shop' }
const container = {
  ...scriptContainer(serverOf('app'), {}),
  name: 'app',
  ports: [{ containerPort: 8080 }],
  readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
}
const OBJECTS: (KubeObject & { spec: object })[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        // Node does not end by SIGTERM as the first process of a pod, and who comes next waits until it is gone.
        spec: { terminationGracePeriodSeconds: 1, containers: [container] },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
  },
]

interface Answer {
  client: number
  connection: number
  who: string
}

describe('connections from before', () => {
  let running: Running | undefined
  let clients: ClientPod

  before(async () => {
    await apply(client, OBJECTS)
    await untilReady(client, 'shop')
  })

  afterEach(async () => {
    await running?.end()
    running = undefined
    await clients.gone()
    await remocal(['leave'], { env })
  })

  after(async () => {
    await remocal(['quit'], { env })
    for (const { apiVersion, kind } of OBJECTS) await client.delete({ apiVersion, kind, ...metadata })
    client.close()
  })

  async function answers(): Promise<Answer[]> {
    const lines = [...(await clients.log()).matchAll(/^ANSWER (\d+) (\d+) (.*)$/gm)]
    return lines.map(([, number, connection, who = '']) => ({
      client: Number(number),
      connection: Number(connection),
      who,
    }))
  }

  /** Resolves with the answers from now on when each client has had so many. */
  async function next(count: number): Promise<Answer[]> {
    const before = (await answers()).length
    return until(`each client has ${count} answers more`, 60_000, async () => {
      const since = (await answers()).slice(before)
      const asked = Map.groupBy(since, (answer) => answer.client)
      return asked.size === CLIENTS && [...asked.values()].every(({ length }) => length >= count) && since
    })
  }

  /** Starts the clients, and when each has its connection an intercept of their requests. */
  async function intercept(...more: string[]): Promise<Running> {
    clients = new ClientPod(client, 'shop')
    await clients.start(ASKING)
    await until('all have asked', 60_000, async () => (await answers()).length >= CLIENTS)
    const line = ['intercept', `deploy/${name}`, '-n', 'shop', '--header', 'x-user=jane', ...more]
    const started = start([...line, '--', process.execPath, '--input-type=module', '-e', serverOf('laptop')], { env })
    running = started
    await started.printed(/LISTENING/)
    return started
  }

  async function counted(): Promise<number> {
    const { clusters } = await remocalJson<StatusResult>(['status'], { env })
    return clusters[0]?.attachments[0]?.agents[0]?.earlier?.connections ?? 0
  }

  test('stay with the app; intercept and status say how many they are', async () => {
    const { output } = await intercept()
    assert.match(output(), /5 connections from before go past the agent; --reopen ends them when they are quiet/)
    const { stdout } = await remocal(['status'], { env })
    assert.match(stdout, /5 connections from before go past the agent; --reopen ends them when they are quiet/)
    const all = await next(1)
    assert.deepEqual(new Set(all.map(({ who }) => who)), new Set(['app']))
    assert.equal(await counted(), CLIENTS)
  })

  test('with --reopen they are ended when they are quiet: no request fails, and from then on all are answered by the laptop', async () => {
    const { output } = await intercept('--reopen')
    assert.match(output(), /5 connections from before go past the agent, and are ended when they are quiet/)
    await until('none is left', 90_000, async () => (await counted()) === 0)
    const since = await next(2)
    assert.deepEqual(new Set(since.map(({ who }) => who)), new Set(['laptop']))
    const all = await answers()
    assert.deepEqual(
      all.filter(({ who }) => who !== 'app' && who !== 'laptop'),
      [],
    )
    assert.deepEqual(new Set(since.map(({ connection }) => connection)), new Set([2]))
  })
})
