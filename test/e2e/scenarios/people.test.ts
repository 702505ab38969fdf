/** Five people with five filters on one service of three pods: every request is answered by whom the rules say, while filters come and go. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { main } from '../../../src/cli/main.ts'
import type { KubeObject } from '../../../src/kube/resources.ts'
import type { ConnectResult } from '../../../src/lib/daemon-api.ts'
import { ClientPod, scriptContainer } from '../client-pod.ts'
import { apply } from '../manifests.ts'
import { type Person, person } from '../person.ts'
import { place } from '../place.ts'
import { until, untilReady } from '../ready.ts'
import { REMOCAL, type Running, remocal, remocalJson, startCommand } from '../remocal.ts'

const PROGRAM = join(import.meta.dirname, '../programs/people.js')
const SCRIPT = readFileSync(PROGRAM, 'utf8')
const APP = 'crowd'
const PORT = 8080
const CONNECTIONS = 12
/** How often a filter comes and goes, of all that do. */
const CHANGES = 200

interface Rule {
  who: string
  /** It stays all the time. */
  stable: boolean
  header?: [name: string, value: string]
  path?: string
  cookie?: [name: string, value: string]
  method?: string
}

/** Who takes part: the rule that clients check by, and the options that say the same. */
interface Crowd {
  rule: Rule
  options: string[]
  person: Person
  program: Running
  port: number
}

const { client, kubeconfig } = place()
const ends: (() => Promise<unknown>)[] = []

after(async () => {
  for (const end of ends.reverse()) await end()
  client.close()
})

test('5 people, 5 filters, 3 pods, HTTP/1 and WebSockets: nothing goes wrong while filters come and go 200 times', async () => {
  await apply(client, objects())
  ends.push(() => remove())
  await untilReady(client, 'shop')
  const jane = await takePart('jane', [])
  const { mark } = await remocalJson<ConnectResult>(['connect', '-n', 'shop'], { env: jane.person.env })
  // In the order in which they are asked: priority, then the mark, then the others.
  const carol = await takePart('carol', ['--path', '/carol/*', '--priority', '3'])
  const dave = await takePart('dave', ['--cookie', 'user=dave', '--priority', '2'])
  const eve = await takePart('eve', [
    '--filter',
    'request.method == "POST" && request.headers["x-eve"] != ""',
    '--priority',
    '1',
  ])
  const bob = await takePart('bob', ['--header', 'x-user=bob'])
  const rules: Rule[] = [
    { ...carol.rule, path: '/carol/' },
    { ...dave.rule, cookie: ['user', 'dave'] },
    { ...eve.rule, method: 'POST', header: ['x-eve', 'yes'] },
    { ...jane.rule, header: ['x-remocal', mark], stable: true },
    { ...bob.rule, header: ['x-user', 'bob'], stable: true },
  ]
  for (const one of [jane, bob, carol, dave, eve]) await begin(one)

  const pods = await Promise.all([ask(rules), ask(rules)])
  const coming = [carol, dave, eve]
  const each = Math.ceil(CHANGES / coming.length)
  await Promise.all(coming.map((one) => comeAndGo(one, each)))
  for (const pod of pods) {
    const result = await resultOf(pod)
    assert.deepEqual({ lost: result.lost, wrong: result.wrong }, { lost: 0, wrong: 0 }, JSON.stringify(result, null, 1))
    assert.ok(result.asked > 1000, `only ${result.asked} requests`)
    assert.deepEqual(Object.keys(result.of).sort(), ['app', 'bob', 'carol', 'dave', 'eve', 'jane'])
  }
})

/** A person with a daemon of their own, and their program on a port of its own. */
async function takePart(who: string, options: string[]): Promise<Crowd> {
  const one = await person(client, kubeconfig, `crowd-${who}`, 'remocal-developer')
  ends.push(() => one.end())
  await remocalJson(['connect', '-n', 'shop'], { env: one.env })
  ends.push(() => remocal(['quit'], { env: one.env }))
  const port = 18_300 + ends.length
  const env = { ROLE: 'server', PORT: String(port), WHO: who }
  const program = startCommand(process.execPath, [PROGRAM], { env })
  ends.push(() => program.end())
  await program.printed(/SERVING/)
  return { rule: { who, stable: false }, options, person: one, program, port }
}

async function begin({ options, person: { env }, port }: Crowd): Promise<void> {
  await remocalJson(['intercept', `deploy/${APP}`, '-n', 'shop', '--port', `${PORT}:${port}`, ...options], { env })
}

async function comeAndGo(one: Crowd, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    await command(one, ['leave', `deploy/${APP}`, '-n', 'shop'])
    await command(one, ['intercept', `deploy/${APP}`, '-n', 'shop', '--port', `${PORT}:${one.port}`, ...one.options])
  }
}

/** The command line within this process: starting a process 400 times is not what is looked at. */
async function command({ person }: Crowd, argv: string[]): Promise<void> {
  let said = ''
  const hear = (text: string): void => {
    said += text
  }
  const env = { ...process.env, ...person.env }
  const io = { stdout: hear, stderr: hear, env, cwd: process.cwd(), entry: REMOCAL, terminal: false }
  const code = await main(argv, { ...io, stdin: async () => Buffer.alloc(0) })
  assert.equal(code, 0, `${argv.join(' ')}: ${said}`)
}

async function ask(rules: Rule[]): Promise<ClientPod> {
  const pod = new ClientPod(client, 'shop')
  ends.push(() => pod.end())
  const env = { ROLE: 'client', URL: `http://${APP}`, RULES: JSON.stringify(rules) }
  await pod.start(SCRIPT, { ...env, CONNECTIONS: String(CONNECTIONS) })
  await pod.printed(/ASKING/)
  return pod
}

interface Result {
  asked: number
  lost: number
  wrong: number
  /** Answers by who gave them. */
  of: Record<string, number>
  /** What went wrong first. */
  first: unknown[]
}

/** The last of those it said, after one more than it has said by now. */
async function resultOf(pod: ClientPod): Promise<Result> {
  const lines = async (): Promise<string[]> => (await pod.log()).match(/^RESULT .*$/gm) ?? []
  const before = (await lines()).length
  return until('a client says what it has counted', 30_000, async () => {
    const now = await lines()
    return now.length > before + 1 && (JSON.parse(now.at(-1)?.slice('RESULT '.length) ?? '') as Result)
  })
}

interface AppObject extends KubeObject {
  spec: object
}

/** It has no probes: on a machine that is busy, the kubelet would end it and the agent with it. */
function objects(): AppObject[] {
  const labels = { app: APP }
  const metadata = { name: APP, namespace: 'shop', labels }
  const container = scriptContainer(SCRIPT, { ROLE: 'server', PORT: String(PORT), WHO: 'app' })
  const containers = [{ ...container, ports: [{ containerPort: PORT }] }]
  const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers } }
  const spec = { replicas: 3, selector: { matchLabels: labels }, template }
  const service = { selector: labels, ports: [{ port: 80, targetPort: PORT }] }
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: service },
  ]
}

async function remove(): Promise<void> {
  for (const { apiVersion, kind, metadata } of objects()) {
    await client.delete({ apiVersion, kind, namespace: metadata.namespace, name: metadata.name })
  }
}
