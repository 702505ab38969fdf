/** Workloads that speak TLS: clients that verify certificates notice nothing, whoever answers. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { GROUP, type KubeObject } from '../../../src/kube/resources.ts'
import type { StatusResult } from '../../../src/lib/daemon-api.ts'
import { createCertificate } from '../../../src/wire/session/authority.ts'
import { apply } from '../manifests.ts'
import { type Person, person } from '../person.ts'
import { laptopHome, place } from '../place.ts'
import { untilReady } from '../ready.ts'
import { type Running, remocal, remocalJson, start } from '../remocal.ts'
import { SecureShop } from '../secure-shop.ts'
import { until } from '../until.ts'

const { client, kubeconfig } = place()
const env = { REMOCAL_HOME: laptopHome() }
const shop = new SecureShop(client)
const folder = mkdtempSync(join(tmpdir(), 'remocal-e2e-'))
const JANE = { 'x-user': 'jane' }
const PLAIN = `import { createServer } from 'node:http'
createServer((_, response) => response.end('laptop in plain text')).listen(8443, () => console.log('LISTENING'))`
const SECURE = `import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
const [cert, key] = [readFileSync(process.env.CERT), readFileSync(process.env.KEY)]
createServer({ cert, key }, (request, response) => response.end('laptop in TLS to ' + request.socket.servername)).listen(8443, () => console.log('LISTENING'))`

/** A developer's rights, but for looking into TLS. */
const ROLE: KubeObject & object = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'remocal-e2e-without-tls' },
  rules: [
    { apiGroups: [''], resources: ['pods', 'services'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['apps'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['batch', 'argoproj.io', 'discovery.k8s.io'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [GROUP], resources: ['intercepts'], verbs: ['*'] },
    { apiGroups: [GROUP], resources: ['workloads'], verbs: ['intercept', 'environment', 'files', 'dial'] },
  ],
} as KubeObject & object

describe('a workload that speaks TLS', () => {
  let running: Running | undefined
  let bob: Person

  before(async () => {
    await shop.add('secure')
    await shop.add('verifying', { verifies: true })
    const own = createCertificate(shop.authority, 'laptop', { hosts: ['secure'] })
    writeFileSync(join(folder, 'tls.crt'), own.cert)
    writeFileSync(join(folder, 'tls.key'), own.key, { mode: 0o600 })
    await apply(client, [ROLE])
    bob = await person(client, kubeconfig, 'bob', ROLE.metadata.name)
    await untilReady(client, 'shop')
  })

  afterEach(async () => {
    await running?.end()
    running = undefined
    await remocal(['leave'], { env })
  })

  after(async () => {
    await remocal(['quit'], { env })
    await remocal(['quit'], { env: bob.env })
    await bob.end()
    await client.delete({ apiVersion: ROLE.apiVersion, kind: ROLE.kind, name: ROLE.metadata.name })
    await shop.end()
    rmSync(folder, { recursive: true })
    client.close()
  })

  async function intercept(workload: string, args: string[], program: string): Promise<void> {
    const settings = { ...env, CERT: join(folder, 'tls.crt'), KEY: join(folder, 'tls.key') }
    const line = [
      'intercept',
      workload,
      '-n',
      'shop',
      ...args,
      '--',
      process.execPath,
      '--input-type=module',
      '-e',
      program,
    ]
    running = start(line, { env: settings })
    await running.printed(/LISTENING/)
  }

  /** What status says of the agent. */
  async function messageFor(who: Record<string, string>): Promise<string> {
    const { clusters } = await remocalJson<StatusResult>(['status'], { env: who })
    return clusters[0]?.attachments[0]?.agents[0]?.message ?? ''
  }

  test('personal requests reach a program that speaks plain text, the others the app, by one certificate', async () => {
    await intercept('deploy/secure', ['--header', 'x-user=jane'], PLAIN)
    assert.deepEqual(await shop.ask('secure', [JANE, {}, JANE]), [
      'laptop in plain text by secure',
      'app for nobody by secure',
      'laptop in plain text by secure',
    ])
    assert.equal(await messageFor(env), '')
  })

  test('a program that speaks TLS gets it, with the name that the client asked for', async () => {
    await intercept('deploy/secure', ['--header', 'x-user=jane'], SECURE)
    assert.deepEqual(await shop.ask('secure', [JANE, {}]), [
      'laptop in TLS to secure by secure',
      'app for nobody by secure',
    ])
  })

  test('--all passes connections as they are, and with --plaintext what is in them', async () => {
    await intercept('deploy/secure', ['--all'], SECURE)
    assert.deepEqual(await shop.ask('secure', [{}]), ['laptop in TLS to secure by laptop'])
    await running?.end()
    await intercept('deploy/secure', ['--all', '--plaintext'], PLAIN)
    assert.deepEqual(await shop.ask('secure', [{}]), ['laptop in plain text by secure'])
  })

  test('--sni routes whole connections, unread', async () => {
    await intercept('deploy/secure', ['--sni', 'SEC*'], SECURE)
    assert.deepEqual(await shop.ask('secure', [{}]), ['laptop in TLS to secure by laptop'])
    await running?.end()
    await intercept('deploy/secure', ['--sni', 'other'], SECURE)
    assert.deepEqual(await shop.ask('secure', [{}]), ['app for nobody by secure'])
  })

  test('an app that verifies its clients: they are verified, and their requests routed', async () => {
    await intercept('deploy/verifying', ['--header', 'x-user=jane'], PLAIN)
    assert.deepEqual(await shop.ask('verifying', [JANE, {}], 'caller'), [
      'laptop in plain text by verifying',
      'app for verifying by verifying',
    ])
    const [refused] = await shop.ask('verifying', [JANE])
    assert.match(refused ?? '', /^failed/)
    assert.equal(await messageFor(env), '')
  })

  test('who may not look into TLS sees nothing of it, and is told so', async () => {
    const line = ['intercept', 'deploy/secure', '-n', 'shop', '--header', 'x-user=jane']
    const { stderr, code } = await remocal([...line, '--plaintext'], { env: bob.env })
    assert.match(stderr, /lacks the verb "tls" on workloads\.remocal\.dev\/secure.*RC-C-118/s)
    assert.equal(code, 77)
    running = start([...line, '--', process.execPath, '--input-type=module', '-e', PLAIN], { env: bob.env })
    await running.printed(/LISTENING/)
    assert.deepEqual(await shop.ask('secure', [JANE]), ['app for nobody by secure'])
    await until('status says why', 10_000, async () => /RC-E-332/.test(await messageFor(bob.env)))
  })
})
