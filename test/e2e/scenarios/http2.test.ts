/** One HTTP/2 connection, as gRPC keeps it: its calls and streams go to whom they belong, while laptops come, go and die. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { KubeObject } from '../../../src/kube/resources.ts'
import type { ConnectResult } from '../../../src/lib/daemon-api.ts'
import { ClientPod, scriptContainer } from '../client-pod.ts'
import { laptopHome, place } from '../place.ts'
import { killHard, processes } from '../processes.ts'
import { type Running, remocal, remocalJson, start } from '../remocal.ts'

const TALK = 'test/e2e/programs/talk.js'
const { client } = place()
const env = { REMOCAL_HOME: laptopHome(), ROLE: 'server', HOST_LABEL: 'laptop' }
const labels = { app: 'talk' }
const metadata = { name: 'talk', namespace: 'shop', labels }
const asker = new ClientPod(client, 'shop')
let mark = ''
let intercept: Running | undefined

interface Kept {
  said: number
  answered: number
  who: string
  over: string
}

interface Result {
  round: number
  calls: Record<'plain' | 'marked', Record<string, number>>
  plain: Kept
  marked: Kept
}

before(async () => {
  mark = (await remocalJson<ConnectResult>(['connect'], { env })).mark
  const container = {
    ...scriptContainer(readFileSync(TALK, 'utf8'), { ROLE: 'server', PORT: '8080' }),
    ports: [{ name: 'grpc', containerPort: 8080 }],
  }
  const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } }
  const spec = { replicas: 1, selector: { matchLabels: labels }, template }
  await client.create({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec } as KubeObject)
  const ports = [{ name: 'grpc', port: 80, targetPort: 'grpc' }]
  await client.create({ apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports } } as KubeObject)
})

after(async () => {
  await intercept?.end()
  await asker.end()
  const { name, namespace } = metadata
  await client.delete({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name })
  await client.delete({ apiVersion: 'v1', kind: 'Service', namespace, name })
  await remocal(['quit'], { env })
  client.close()
})

/** The first result of a round that began after this was called. */
async function next(): Promise<Result> {
  // Before its container runs it has no log.
  const log = await asker.log().catch(() => '')
  const rounds = log.match(/^RESULT/gm)?.length ?? 0
  const [, text = ''] = await asker.printed(new RegExp(`^RESULT (\\{"round":${rounds + 2},.*)$`, 'm'))
  return JSON.parse(text)
}

async function begin(): Promise<void> {
  intercept = start(['intercept', 'deploy/talk', '-n', 'shop', '--', process.execPath, TALK], { env })
  await intercept.printed(/Intercepting/)
  await intercept.printed(/listening/)
}

test('calls and streams of one connection go to the laptop and to the pod', async () => {
  await begin()
  await asker.start(readFileSync(TALK, 'utf8'), { ROLE: 'client', HOST: 'talk', MARK: mark, COUNT: '40' })
  const result = await next()
  assert.deepEqual(result.calls, { plain: { pod: 20 }, marked: { laptop: 20 } })
  assert.deepEqual([result.plain.who, result.marked.who], ['pod', 'laptop'])
  assert.ok(result.marked.answered > 0 && result.plain.answered > 0)
})

test('Ctrl-C: the laptop’s stream is over, calls are the pod’s again, the rest of the connection goes on', async () => {
  await intercept?.end('SIGINT')
  const result = await next()
  assert.deepEqual(result.calls, { plain: { pod: 20 }, marked: { pod: 20 } })
  assert.notEqual(result.marked.over, '')
  assert.equal(result.plain.over, '')
  assert.ok(result.plain.said - result.plain.answered <= 3, JSON.stringify(result.plain))
})

test('the same connection is routed by an intercept that begins later', async () => {
  await begin()
  const result = await next()
  assert.deepEqual(result.calls, { plain: { pod: 20 }, marked: { laptop: 20 } })
  assert.equal(result.plain.over, '')
  assert.doesNotMatch(await asker.log(), /CLOSED|SESSION/)
})

test('a program that is killed: its calls are answered by the pod, the rest of the connection goes on', async () => {
  const programs = processes(/^\S*node \S*talk\.js/).filter(({ environment }) => environment.includes(env.REMOCAL_HOME))
  assert.equal(programs.length, 1, JSON.stringify(programs))
  await Promise.all(programs.map(killHard))
  const result = await next()
  assert.deepEqual(result.calls, { plain: { pod: 20 }, marked: { pod: 20 } })
  assert.equal(result.plain.over, '')
  assert.doesNotMatch(await asker.log(), /CLOSED|SESSION/)
})
