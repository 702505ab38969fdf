/** Rights that are taken away while attachments use them: managers ask again each minute. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { GROUP, type KubeObject } from '../../../src/kube/resources.ts'
import { apply } from '../manifests.ts'
import { type Person, person } from '../person.ts'
import { place } from '../place.ts'
import { untilReady } from '../ready.ts'
import { type Running, remocal, start } from '../remocal.ts'
import { SecureShop } from '../secure-shop.ts'
import { until } from '../until.ts'

/** A minute, a second refusal after 5 s, and what that takes. */
const BOUND_MS = 90_000
const PROGRAM = (who: string): string => `import { createServer } from 'node:http'
createServer((_, response) => response.end('${who}')).listen(8443, () => console.log('LISTENING'))`

const { client, kubeconfig } = place()
const shop = new SecureShop(client)

function role(name: string, verbs: string[]): KubeObject & { rules: object[] } {
  const read = ['get', 'list', 'watch']
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: `remocal-e2e-${name}` },
    rules: [
      { apiGroups: [''], resources: ['pods', 'services'], verbs: read },
      { apiGroups: ['apps', 'batch', 'argoproj.io', 'discovery.k8s.io'], resources: ['*'], verbs: read },
      { apiGroups: [GROUP], resources: ['intercepts'], verbs: ['*'] },
      { apiGroups: [GROUP], resources: ['workloads'], verbs },
    ],
  }
}

describe('rights that are taken away', () => {
  const roles = new Map<string, KubeObject>()
  const people = new Map<string, Person>()
  const running: Running[] = []

  before(async () => {
    await shop.add('secure')
    for (const who of ['bob', 'eve']) {
      const own = role(who, ['intercept', 'tls', 'reopen', 'environment', 'files', 'dial'])
      roles.set(who, own)
      await apply(client, [own])
      people.set(who, await person(client, kubeconfig, who, own.metadata.name))
    }
    await untilReady(client, 'shop')
  })

  after(async () => {
    for (const one of running) await one.end()
    for (const one of people.values()) {
      await remocal(['quit'], { env: one.env })
      await one.end()
    }
    for (const { apiVersion, kind, metadata } of roles.values())
      await client.delete({ apiVersion, kind, name: metadata.name })
    await shop.end()
    client.close()
  })

  async function intercept(who: string): Promise<Running> {
    const line = ['intercept', 'deploy/secure', '-n', 'shop', '--header', `x-user=${who}`]
    const env = people.get(who)?.env ?? {}
    const one = start([...line, '--', process.execPath, '--input-type=module', '-e', PROGRAM(who)], { env })
    running.push(one)
    await one.printed(/LISTENING/)
    return one
  }

  test('the right to intercept ends the attachment; that to TLS what is seen of it; both are told', async () => {
    const bob = await intercept('bob')
    await intercept('eve')
    const asked = [{ 'x-user': 'bob' }, { 'x-user': 'eve' }]
    assert.deepEqual(await shop.ask('secure', asked), ['bob by secure', 'eve by secure'])
    const over = once(bob.child, 'close')
    await apply(client, [role('bob', ['tls']), role('eve', ['intercept'])])
    await bob.printed(/has ended: .* lacks the verb "intercept" on workloads\.remocal\.dev\/secure/, BOUND_MS)
    await over
    assert.notEqual(bob.child.exitCode, 0)
    await until('nothing of TLS is seen any more', BOUND_MS, async () => {
      const { stdout } = await remocal(['status'], { env: people.get('eve')?.env ?? {} })
      return /RC-E-332/.test(stdout)
    })
    assert.deepEqual(await shop.ask('secure', asked), ['app for nobody by secure', 'app for nobody by secure'])
  })
})
