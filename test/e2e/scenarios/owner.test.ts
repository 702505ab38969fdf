/** Nobody makes, changes or ends an attachment in the name of somebody else: the API server itself refuses it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { KubeClient } from '../../../src/kube/client.ts'
import { GROUP, INSTALLATION, type Intercept, type KubeObject, VERSION } from '../../../src/kube/resources.ts'
import type { InterceptResult } from '../../../src/lib/daemon-api.ts'
import { type Person, person } from '../person.ts'
import { clientOf, laptopHome, place } from '../place.ts'
import { remocal, remocalJson } from '../remocal.ts'

const everywhere = place()
const { client, kubeconfig } = everywhere
const OURS = `${GROUP}/${VERSION}`
const withoutPolicies = everywhere.kind === 'sandbox' && 'the sandbox has no ValidatingAdmissionPolicy'

describe('the API server binds an attachment to its owner', { skip: withoutPolicies }, () => {
  const env = { REMOCAL_HOME: laptopHome() }
  let bob: Person
  let asBob: KubeClient
  /** Who may look and no more. */
  let visitor: Person
  let held: Intercept

  before(async () => {
    bob = await person(client, kubeconfig, 'bob', 'remocal-developer')
    visitor = await person(client, kubeconfig, 'visitor', 'remocal-viewer')
    asBob = clientOf(bob.env.KUBECONFIG ?? '')
    const { name } = await remocalJson<InterceptResult>(['intercept', 'deploy/orders', '-n', 'shop'], { env })
    held = await client.get<Intercept>({ apiVersion: OURS, kind: 'Intercept', namespace: 'shop', name })
  })

  after(async () => {
    await remocal(['quit'], { env })
    asBob.close()
    await bob.end()
    await visitor.end()
    client.close()
  })

  const path = (): { apiVersion: string; kind: string; namespace: string; name: string } => ({
    apiVersion: OURS,
    kind: 'Intercept',
    namespace: 'shop',
    name: held.metadata.name,
  })
  const refused = (attempt: Promise<unknown>): Promise<void> => assert.rejects(attempt, { code: 'RC-C-118' })

  test('who makes one for somebody else is refused', async () => {
    const forged = { ...held, metadata: { name: 'forged', namespace: 'shop' }, status: undefined }
    await refused(asBob.create(forged as unknown as KubeObject))
    const session = {
      apiVersion: OURS,
      kind: 'Session',
      metadata: { name: 'forged', namespace: INSTALLATION.namespace },
      spec: { owner: held.spec.owner, publicKey: 'x' },
    }
    await refused(asBob.create(session as unknown as KubeObject))
  })

  test('who changes or ends somebody else’s is refused, and it stays as it was', async () => {
    await refused(asBob.patch(path(), { spec: { filter: '' } }))
    await assert.rejects(asBob.patch(path(), { spec: { owner: bob.user } }), /the owner never changes/)
    await refused(asBob.delete(path()))
    const now = await client.get<Intercept>(path())
    assert.deepEqual(now.spec, held.spec)
    assert.equal(now.metadata.uid, held.metadata.uid)
  })

  test('copies of everything need the verb `wiretap`, everything itself `intercept-all`', async () => {
    const session = `bob-${held.metadata.name}`
    const asked = (mode: Intercept['spec']['mode'], name: string): KubeObject => {
      const { workload, ports } = held.spec
      const wiretap = mode === 'wiretap' ? { wiretap: { percent: 100, diff: false } } : {}
      const spec = { mode, workload, ports, filter: '', priority: 0, session, owner: bob.user, ...wiretap }
      const object: Intercept = { apiVersion: OURS, kind: 'Intercept', metadata: { name, namespace: 'shop' }, spec }
      return object
    }
    await assert.rejects(
      asBob.create(asked('intercept', 'bob-all'), { dryRun: true }),
      /lacks the verb "intercept-all"/,
    )
    await asBob.create(asked('wiretap', 'bob-copies'), { dryRun: true })
    const asVisitor = clientOf(visitor.env.KUBECONFIG ?? '')
    try {
      const copies = { ...(asked('wiretap', 'visitor-copies') as Intercept) }
      copies.spec = { ...copies.spec, owner: visitor.user }
      await assert.rejects(asVisitor.create(copies, { dryRun: true }), /lacks the verb "wiretap"|may not create/)
    } finally {
      asVisitor.close()
    }
  })

  test('nobody but the managers writes status, or adds an agent', async () => {
    await refused(client.patch({ ...path(), subresource: 'status' }, { status: { phase: 'Stolen' } }))
    const { items } = await client.list(
      { apiVersion: 'v1', kind: 'Pod', namespace: 'shop' },
      { labelSelector: 'app=stock' },
    )
    const pod = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: items[0]?.metadata.name ?? '' }
    const added = { spec: { ephemeralContainers: [{ name: 'remocal-9', image: 'remocal:dev', args: ['agent'] }] } }
    await refused(client.patch({ ...pod, subresource: 'ephemeralcontainers' }, added, { type: 'strategic' }))
  })
})
