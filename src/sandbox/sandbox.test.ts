import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openPortForward } from '../kube/port-forward.ts'
import type { KubeObject } from '../kube/resources.ts'
import { systemClock } from '../lib/clock.ts'
import { Fault } from '../lib/fault.ts'
import { pod, READY, service, WEB, workload } from './fixtures/objects.ts'
import { type Loose, startSandbox, type TestSandbox, withoutNamespaces } from './fixtures/sandbox.ts'

const PODS = { apiVersion: 'v1', kind: 'Pod', namespace: 't' }
const READY_WHEN_LISTENING = { tcpSocket: { port: 8080 }, periodSeconds: 1 }
const READY_SHAPE = { container: { readinessProbe: READY, ports: [{ name: 'http', containerPort: 8080 }] } }

interface Status {
  name: string
  ready: boolean
  restartCount: number
  containerID?: string
  state: { running?: object; waiting?: { reason: string; message: string }; terminated?: { exitCode: number } }
}

/** A field of a status, whose shape the tests know. */
function statusOf(object: Loose, field = 'containerStatuses'): Status | undefined {
  return ((object.status as Record<string, Status[]> | undefined)?.[field] ?? [])[0]
}

const named =
  (name: string) =>
  ({ metadata }: Loose): boolean =>
    metadata.name === name
const isReady = (object: Loose): boolean => statusOf(object)?.ready === true

suite('sandbox', { skip: withoutNamespaces() }, () => {
  let sandbox: TestSandbox
  const create = (...objects: KubeObject[]): Promise<unknown> =>
    Promise.all(objects.map((object) => sandbox.client.create(object)))

  before(async () => {
    sandbox = await startSandbox()
    await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 't' } } as KubeObject)
  })
  after(() => sandbox.close())

  test('a Service reaches each ready pod of its Deployment, from other pods and from those pods themselves', async () => {
    await create(service('t', 'web'), workload('Deployment', 't', 'web', WEB, READY_SHAPE))
    await sandbox.until({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 't' }, (one) => {
      return named('web')(one) && Number(one.status?.readyReplicas) === 2
    })
    const pods = (await sandbox.client.list<Loose>(PODS, { labelSelector: 'app=web' })).items
    const names = pods.map(({ metadata }) => metadata.name).sort()
    const asking = `(async () => {
      const hosts = new Set()
      for (let i = 0; i < 60; i++) hosts.add(await (await fetch('http://web', { headers: { connection: 'close' } })).text())
      console.log([...hosts].sort().join())
    })()`
    await create(
      pod('t', 'asks', asking),
      pod('t', 'itself', `${WEB}; ${asking.replace('web', 'own')}.then(() => process.exit())`, {
        labels: { app: 'own' },
      }),
    )
    assert.equal(await sandbox.finished('t', 'asks'), `${names.join()}\n`)
    await create(service('t', 'own', { publishNotReadyAddresses: true }))
    assert.match(await sandbox.finished('t', 'itself'), /itself\n$|fetch failed/)
  })

  test('DNS knows Services, their ports, the pods of headless ones, and nothing else', async () => {
    const shape = { ...READY_SHAPE, replicas: 2 }
    await create(service('t', 'db', { clusterIP: 'None' }), workload('StatefulSet', 't', 'db', WEB, shape))
    const second = await sandbox.until(PODS, (one) => named('db-1')(one) && isReady(one))
    const first = await sandbox.until(PODS, (one) => named('db-0')(one) && isReady(one))
    const { clusterIP } = (
      await sandbox.client.get<Loose>({ apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'kubernetes' })
    ).spec
    const asking = `const { promises: dns } = require('node:dns')
      const ask = (name, kind) => dns.resolve(name, kind).then((all) => all.map((one) => one.name ? one.name + ':' + one.port : one).sort().join(), (error) => error.code)
      ;(async () => {
        console.log(await ask('kubernetes.default.svc.cluster.local', 'A'))
        console.log((await dns.lookup('kubernetes.default')).address)
        console.log(await ask('db.t.svc.cluster.local', 'A'))
        console.log(await ask('db-1.db.t.svc.cluster.local', 'A'))
        console.log(await ask('_http._tcp.db.t.svc.cluster.local', 'SRV'))
        console.log(await ask('kubernetes.default.svc.cluster.local', 'AAAA'))
        console.log(await ask('nothing.t.svc.cluster.local', 'A'))
        console.log(await ask('example.com', 'A'))
      })()`
    await create(pod('t', 'names', asking))
    const ips = [first, second].map(({ status }) => String(status.podIP))
    const expected = [
      clusterIP,
      clusterIP,
      [...ips].sort().join(),
      ips[1],
      'db.t.svc.cluster.local:80',
      'ENODATA',
      'ENOTFOUND',
      'ENOTFOUND',
    ]
    assert.deepEqual((await sandbox.finished('t', 'names')).trim().split('\n'), expected)
    assert.ok(
      Date.parse(String(first.metadata.creationTimestamp)) <= Date.parse(String(second.metadata.creationTimestamp)),
    )
  })

  test('a Service without ready pods refuses at once', async () => {
    await create(service('t', 'empty'))
    await create(
      pod(
        't',
        'refused',
        `const from = Date.now(); require('node:net').connect(80, 'empty').on('error', (error) => console.log(error.code, Date.now() - from < 1000))`,
      ),
    )
    assert.equal(await sandbox.finished('t', 'refused'), 'ECONNREFUSED true\n')
  })

  test('a forwarded port reaches what listens on the pod’s localhost only', async () => {
    const program = `require('node:net').createServer((socket) => socket.end('from localhost')).listen(9000, '127.0.0.1', () => console.log('listens'))`
    const probe = { exec: { command: ['grep', '-q', ':2328 ', '/proc/net/tcp'] }, periodSeconds: 1 }
    await create(pod('t', 'inward', program, { container: { readinessProbe: probe } }))
    await sandbox.until(PODS, (one) => named('inward')(one) && isReady(one))
    assert.equal((await received(9000)).text, 'from localhost')
    const { fault } = await received(9001)
    assert.ok(fault instanceof Fault)
    assert.equal(fault.code, 'RC-C-123')

    /** All that a forwarded port of the pod sends, and the fault with which it ends. */
    async function received(port: number): Promise<{ text: string; fault: Error | undefined }> {
      const link = await openPortForward({ ...sandbox, clock: systemClock, namespace: 't', pod: 'inward', port })
      const { promise, resolve } = Promise.withResolvers<{ text: string; fault: Error | undefined }>()
      const chunks: Buffer[] = []
      link.bind({
        onData: (bytes) => void chunks.push(bytes),
        onDrain() {},
        onClose: (fault) => resolve({ text: Buffer.concat(chunks).toString(), fault }),
      })
      return await promise
    }
  })

  test('an ephemeral container sees the processes and the network of its target, which does not notice', async () => {
    await create(
      pod('t', 'target', WEB, {
        container: { readinessProbe: READY, env: [{ name: 'MARK', value: 'of the target' }] },
      }),
    )
    const before = await sandbox.until(PODS, (one) => named('target')(one) && isReady(one))
    const program = `(async () => {
      const env = require('node:fs').readFileSync('/proc/1/environ', 'utf8').split('\\0')
      console.log(env.find((one) => one.startsWith('MARK=')), await (await fetch('http://127.0.0.1:8080')).text())
    })()`
    const guest = {
      name: 'guest',
      image: 'node:dev',
      args: ['-e', program],
      targetContainerName: 'main',
      securityContext: { capabilities: { add: ['SYS_PTRACE'] } },
    }
    const path = { ...PODS, name: 'target', subresource: 'ephemeralcontainers' }
    await sandbox.client.patch(path, { spec: { ephemeralContainers: [guest] } }, { type: 'strategic' })
    const after = await sandbox.until(
      PODS,
      (one) => statusOf(one, 'ephemeralContainerStatuses')?.state.terminated !== undefined,
    )
    assert.equal(
      await sandbox.client.log({ namespace: 't', name: 'target', container: 'guest' }),
      'MARK=of the target target\n',
    )
    assert.equal(statusOf(after)?.containerID, statusOf(before)?.containerID)
    assert.match(statusOf(before)?.containerID ?? '', /^sandbox:\/\/[0-9a-f]{64}$/)
  })

  test('a container that dies is started again and becomes ready again', async () => {
    await create(pod('t', 'mortal', WEB, { spec: { restartPolicy: 'Always' }, container: { readinessProbe: READY } }))
    const { status } = await sandbox.until(PODS, (one) => named('mortal')(one) && isReady(one))
    await create(pod('t', 'killer', `fetch('http://${status.podIP}:8080/die').catch(() => {})`))
    const again = await sandbox.until(
      PODS,
      (one) => named('mortal')(one) && isReady(one) && statusOf(one)?.restartCount === 1,
    )
    assert.equal(
      (statusOf(again) as unknown as { lastState: { terminated: { exitCode: number } } }).lastState.terminated.exitCode,
      7,
    )
  })

  test('a liveness probe that fails has the container started again', async () => {
    const liveness = { tcpSocket: { port: 9 }, periodSeconds: 1, failureThreshold: 1 }
    await create(pod('t', 'stuck', WEB, { spec: { restartPolicy: 'Always' }, container: { livenessProbe: liveness } }))
    await sandbox.until(PODS, (one) => named('stuck')(one) && (statusOf(one)?.restartCount ?? 0) > 0)
    await sandbox.client.delete({ ...PODS, name: 'stuck' }, { gracePeriodSeconds: 0 })
  })

  test('init containers run before, and mounts make nothing on the machine', async () => {
    const mount = { name: 'shared', mountPath: '/remocal-test-shared/deep' }
    await create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'conf', namespace: 't' },
      data: { key: 'value' },
    } as unknown as KubeObject)
    const initContainers = [
      {
        name: 'first',
        image: 'node:dev',
        args: ['-e', `require('node:fs').writeFileSync('/remocal-test-shared/deep/file', 'from init')`],
        volumeMounts: [mount],
      },
    ]
    const volumes = [
      { name: 'shared', emptyDir: {} },
      { name: 'conf', configMap: { name: 'conf' } },
    ]
    const program = `const { readFileSync, existsSync } = require('node:fs')
      console.log(readFileSync('/remocal-test-shared/deep/file', 'utf8'), readFileSync('/etc/remocal-test-conf/key', 'utf8'), existsSync('/run/secrets/kubernetes.io/serviceaccount/token'), process.env.WHO, process.argv[1])`
    const env = [
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'WHO', value: 'pod $(NAME)' },
    ]
    const container = {
      volumeMounts: [mount, { name: 'conf', mountPath: '/etc/remocal-test-conf' }],
      env,
      args: ['-e', program, '$(WHO)'],
    }
    await create(pod('t', 'prepared', program, { spec: { initContainers, volumes }, container: { ...container } }))
    assert.equal(await sandbox.finished('t', 'prepared'), 'from init value true pod prepared pod prepared\n')
    const { existsSync } = await import('node:fs')
    assert.deepEqual(['/remocal-test-shared', '/etc/remocal-test-conf'].filter(existsSync), [])
  })

  test('an image that is not in the table is waited for', async () => {
    await create(pod('t', 'unknown', '', { container: { image: 'nobody:knows' } }))
    const waiting = await sandbox.until(
      PODS,
      (one) => named('unknown')(one) && statusOf(one)?.state.waiting?.reason === 'ErrImageNeverPull',
    )
    assert.match(statusOf(waiting)?.state.waiting?.message ?? '', /remocal sandbox image nobody:knows/)
  })

  test('a new template replaces all pods, and no request fails meanwhile', async () => {
    // As everywhere in Kubernetes: a pod that ends has to answer until the news of it has spread.
    const lifecycle = { preStop: { exec: { command: ['sleep', '1'] } } }
    const shape = { container: { ...READY_SHAPE.container, lifecycle } }
    await create(service('t', 'rolled'), workload('Deployment', 't', 'rolled', WEB, shape))
    const DEPLOYMENTS = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 't' }
    await sandbox.until(DEPLOYMENTS, (one) => named('rolled')(one) && Number(one.status?.readyReplicas) === 2)
    const asking = `let failed = 0, asked = 0
      const options = { headers: { connection: 'close' } }
      const ask = () => fetch('http://rolled', options).then((response) => response.text())
        .catch(() => failed++).then(() => { asked++; setTimeout(ask, 5) })
      const end = (_, response) => response.end('', () => { console.log(asked > 20, failed); process.exit() })
      require('node:http').createServer(end).listen(8080)
      ask()`
    await create(pod('t', 'asker', asking, { container: { readinessProbe: READY_WHEN_LISTENING } }))
    const { status: asker } = await sandbox.until(PODS, (one) => named('asker')(one) && isReady(one))
    const containers = [{ name: 'main', env: [{ name: 'NEW', value: '1' }] }]
    const patch = { spec: { template: { spec: { containers } } } }
    await sandbox.client.patch({ ...DEPLOYMENTS, name: 'rolled' }, patch, { type: 'strategic' })
    await sandbox.until(DEPLOYMENTS, (one) => {
      const { updatedReplicas, readyReplicas } = one.status as unknown as Record<string, number>
      return named('rolled')(one) && updatedReplicas === 2 && readyReplicas === 2
    })
    await sandbox.untilNone(
      PODS,
      (one) => one.metadata.labels?.app === 'rolled' && !JSON.stringify(one.spec).includes('NEW'),
    )
    await create(pod('t', 'ends-it', `fetch('http://${asker.podIP}:8080')`))
    assert.equal(await sandbox.finished('t', 'asker'), 'true 0\n')
  })

  test('a namespace that is deleted takes all of it with it, what was just being made as well', async () => {
    await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' } } as KubeObject)
    await create(workload('Deployment', 'gone', 'web', WEB, { replicas: 4 }), service('gone', 'web'))
    await sandbox.client.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'gone' })
    await sandbox.untilNone({ apiVersion: 'v1', kind: 'Namespace' }, named('gone'))
    assert.equal((await sandbox.client.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'gone' })).items.length, 0)
  })
})
