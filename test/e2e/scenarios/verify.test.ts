/** `verify` follows a mark through a chain of services, names the one that drops it, and leaves nothing behind. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { GROUP, type Intercept, type KubeObject, VERSION } from '../../../src/kube/resources.ts'
import type { StatusResult, VerifyResult } from '../../../src/lib/daemon-api.ts'
import { ClientPod, scriptContainer } from '../client-pod.ts'
import { forceDelete } from '../managers.ts'
import { apply } from '../manifests.ts'
import { type Person, person } from '../person.ts'
import { laptopHome, place } from '../place.ts'
import { killHard, processes } from '../processes.ts'
import { untilReady } from '../ready.ts'
import { remocal, start } from '../remocal.ts'
import { SecureShop } from '../secure-shop.ts'
import { until } from '../until.ts'

const { client, kubeconfig } = place()
const home = laptopHome()
const env = { REMOCAL_HOME: home }
/** Asks the service whose name the path begins with for the rest, and hands on the headers that PASSED names; with KEEPS on one connection for ever. `/slow` says nothing, `/later/…` asks after 3 s. */
const RELAY = `
import { Agent, createServer, get } from 'node:http'
const passed = (process.env.PASSED ?? '').split(' ')
const agent = process.env.KEEPS === 'true' ? new Agent({ keepAlive: true, maxSockets: 1 }) : new Agent()
const ask = (url, headers) => new Promise((resolve) => {
  const asked = get(url, { headers, agent }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode)))
  asked.on('error', () => resolve(502))
})
createServer(async (request, response) => {
  if (request.url === '/health') return response.end('ok')
  if (request.url === '/slow') return
  const [, to, ...rest] = request.url.replace('/later', '').split('/')
  if (request.url.startsWith('/later')) await new Promise((resolve) => setTimeout(resolve, 3000))
  const headers = Object.fromEntries(passed.flatMap((name) => request.headers[name] ? [[name, request.headers[name]]] : []))
  response.statusCode = await ask('http://' + to + '/' + rest.join('/'), headers)
  response.end()
}).listen(8080)
`
/** Asks a service all the time, on a connection of its own each time. */
const BUSY = `
import { get } from 'node:http'
console.log('ASKING')
setInterval(() => get(process.env.URL, { agent: false }, (answer) => answer.resume()).on('error', () => {}), 50)
`

/** A Deployment and its Service that hand on these headers. */
function relay(name: string, passed: string, keeps = false): KubeObject[] {
  const labels = { app: name }
  const container = {
    ...scriptContainer(RELAY, { PASSED: passed, KEEPS: `${keeps}` }),
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/health', port: 8080 }, periodSeconds: 1 },
  }
  const metadata = { name, namespace: 'shop' }
  const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { selector: { matchLabels: labels }, template },
  }
  const ports = [{ port: 80, targetPort: 8080 }]
  const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports } }
  return [deployment, service]
}

const RELAYS = [
  relay('careless', ''),
  relay('tracing', 'traceparent'),
  relay('faithful', 'baggage'),
  relay('keeping', '', true),
].flat()
const CHAIN = ['verify', '-n', 'shop', '--chain']

after(() => client.close())

describe('verify', () => {
  const pods: ClientPod[] = []

  before(async () => {
    await apply(client, RELAYS)
    await untilReady(client, 'shop')
  })

  after(async () => {
    await Promise.all(pods.map((pod) => pod.end()))
    await remocal(['quit'], { env })
    for (const { apiVersion, kind, metadata } of RELAYS) {
      await client.delete({ apiVersion, kind, namespace: 'shop', name: metadata.name })
    }
  })

  async function left(): Promise<Intercept[]> {
    return (await client.list<Intercept>({ apiVersion: `${GROUP}/${VERSION}`, kind: 'Intercept', namespace: 'shop' }))
      .items
  }

  async function verify(...args: string[]): Promise<VerifyResult & { code: number | null }> {
    const { code, stdout, stderr } = await remocal([...CHAIN, ...args, '-o', 'json'], { env })
    assert.deepEqual(await left(), [], 'nothing is left of it')
    assert.ok(stdout.startsWith('{"url"'), stderr + stdout)
    return { ...(JSON.parse(stdout) as VerifyResult), code }
  }

  async function keepAsking(url: string): Promise<void> {
    const pod = new ClientPod(client, 'shop')
    pods.push(pod)
    await pod.start(BUSY, { URL: url })
    await pod.printed(/ASKING/)
  }

  const names = ({ hops }: VerifyResult): string[] => hops.map(({ workload }) => workload)

  test('names each service that got the mark, in order, and who asked it', async () => {
    const result = await verify('http://web/')
    assert.deepEqual(
      [result.code, result.verdict, result.status, result.drops],
      [0, 'arrived', 200, []],
      JSON.stringify(result),
    )
    const tree = result.hops.map(({ workload, after, path }) => [workload, result.hops[after ?? -1]?.workload, path])
    assert.deepEqual(tree.toSorted(), [
      ['deploy/orders', 'deploy/web', '/orders/1'],
      ['deploy/stock', 'deploy/orders', '/stock/lamp'],
      ['deploy/stock', 'deploy/web', '/stock/lamp'],
      ['deploy/web', undefined, '/'],
    ])
    assert.equal(result.hops[0]?.workload, 'deploy/web')
    assert.deepEqual(result.hops[0].marks, ['x-remocal', 'baggage', 'tracestate'])
    assert.deepEqual(result.unwatched, [])
    const { clusters } = JSON.parse((await remocal(['status', '-o', 'json'], { env })).stdout) as StatusResult
    assert.deepEqual(clusters[0]?.attachments, [])
  })

  test('the mark is handed on in one header as well as in three', async () => {
    const result = await verify('http://faithful/stock/stock/lamp', '--through', 'deploy/faithful,stock')
    assert.deepEqual([result.code, names(result)], [0, ['deploy/faithful', 'deploy/stock']], JSON.stringify(result))
    assert.deepEqual(result.hops[1]?.marks, ['baggage'])
  })

  test('names the first service that drops it, at the end of a chain that hands it on', async () => {
    const result = await verify('http://faithful/careless/stock/stock/lamp')
    assert.deepEqual([result.code, result.verdict], [1, 'dropped'], JSON.stringify(result))
    assert.deepEqual(names(result), ['deploy/faithful', 'deploy/careless'])
    const [drop, ...more] = result.drops
    assert.deepEqual(
      [drop?.by.workload, drop?.workload, drop?.path, drop?.sure],
      ['deploy/careless', 'deploy/stock', '/stock/lamp', true],
    )
    assert.deepEqual(more, [])
    const { stdout, code } = await remocal([...CHAIN, 'http://faithful/careless/stock/stock/lamp'], { env })
    assert.equal(code, 1)
    assert.match(stdout, /^deploy\/careless drops the mark: deploy\/stock got GET \/stock\/lamp from it without/m)
  })

  test('is sure about a service with other requests only when the trace says so', async () => {
    for (const name of ['careless', 'tracing']) await keepAsking(`http://${name}/stock/stock/lamp`)
    const traced = await verify('http://tracing/stock/stock/lamp')
    assert.deepEqual(
      [traced.code, traced.drops[0]?.by.workload, traced.drops[0]?.sure],
      [1, 'deploy/tracing', true],
      JSON.stringify(traced),
    )
    const untraced = await verify('http://careless/stock/stock/lamp')
    const [drop] = untraced.drops
    assert.deepEqual(
      [untraced.code, drop?.by.workload, drop?.sure],
      [1, 'deploy/careless', false],
      JSON.stringify(untraced),
    )
    // Nobody else's requests count, however many there are.
    assert.deepEqual(names(untraced), ['deploy/careless'])
    await Promise.all(pods.splice(0).map((pod) => pod.end()))
  })

  test('does not say that all is well where connections are older than the watch', async () => {
    await keepAsking('http://keeping/stock/stock/lamp')
    const url = 'http://keeping/stock/stock/lamp'
    const unclear = await verify(url)
    assert.deepEqual([unclear.code, unclear.verdict], [75, 'unclear'], JSON.stringify(unclear))
    assert.deepEqual(unclear.blind, [{ by: 'deploy/keeping', to: 'deploy/stock', why: 'older' }])
    await Promise.all(pods.splice(0).map((pod) => pod.end()))
    // Nobody uses them any more when the client's process has gone too: they end while it waits.
    const clear = await until('all connections are younger than the watch', 60_000, async () => {
      const result = await verify(url)
      return result.verdict === 'unclear' ? undefined : result
    })
    assert.deepEqual([clear.code, clear.drops[0]?.by.workload], [1, 'deploy/keeping'], JSON.stringify(clear))
  })

  test('a service that is named must get it', async () => {
    const result = await verify('http://stock/stock/lamp', '--through', 'deploy/stock', '--through', 'deploy/orders')
    assert.deepEqual([result.code, result.verdict, result.unreached], [1, 'unreached', ['deploy/orders']])
    const unseen = await verify('http://stock/stock/lamp', '--through', 'deploy/orders')
    assert.deepEqual([unseen.code, unseen.verdict], [1, 'unseen'])
  })

  test('says what cannot be asked, and leaves nothing of that either', async () => {
    for (const [args, exit, code] of [
      [['http://nowhere/'], 69, 'RC-I-213'],
      [['http://stock:81/'], 69, 'RC-I-213'],
      [['http://stock/', '--through', 'deploy/nowhere'], 64, 'RC-I-201'],
      [['ftp://stock/'], 64, 'RC-U-101'],
      [['http://stock/', '-n', 'default'], 64, 'RC-I-214'],
    ] as const) {
      const { code: ended, stderr } = await remocal([...CHAIN, ...args], { env })
      assert.equal(ended, exit, `${args.join(' ')}: ${stderr}`)
      assert.match(stderr, new RegExp(code))
    }
    assert.deepEqual(await left(), [])
  })

  function watching(): Promise<true> {
    return until('it watches', 30_000, async () => {
      const all = await left()
      const ready = all.every(({ status }) =>
        status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
      )
      return all.length > 0 && ready
    })
  }

  test('needs a right, and leaves nothing without it', async () => {
    const viewer = await person(client, kubeconfig, 'viewer', 'remocal-viewer')
    try {
      const { code, stderr } = await remocal([...CHAIN, 'http://web/'], { env: viewer.env })
      assert.equal(code, 77, stderr)
      assert.deepEqual(await left(), [])
    } finally {
      await remocal(['quit'], { env: viewer.env })
      await viewer.end()
    }
  })

  test('a manager that is killed meanwhile makes nobody guilty', async () => {
    for (const manager of ['remocal-manager-0', 'remocal-manager-1']) {
      const running = start([...CHAIN, 'http://faithful/later/stock/stock/lamp'], { env })
      await watching()
      await forceDelete(client, manager)
      await until('it has ended', 60_000, async () => running.child.exitCode !== null)
      const { exitCode } = running.child
      if (exitCode === 0) assert.match(running.output(), /The mark travels: 2 services got it/)
      else assert.match(running.output(), /RC-I-213/)
      assert.deepEqual(await left(), [])
    }
  })

  test('leaves nothing when it is interrupted, nor when its daemon is killed', async () => {
    const gone = (): Promise<true> => until('nothing is left', 15_000, async () => (await left()).length === 0)
    const interrupted = start([...CHAIN, 'http://careless/slow'], { env })
    await watching()
    assert.equal(await interrupted.end('SIGINT'), 130)
    await gone()

    const orphaned = start([...CHAIN, 'http://careless/slow'], { env })
    await watching()
    const [daemon] = processes(/(main\.ts|remocal\.mjs) daemon$/).filter(({ environment }) =>
      environment.includes(`REMOCAL_HOME=${home}\n`),
    )
    assert.ok(daemon)
    await killHard(daemon)
    await until('the command has ended', 10_000, async () => orphaned.child.exitCode !== null)
    assert.equal(orphaned.child.exitCode, 69)
    // The next daemon takes away what the journal names.
    await remocal(['connect'], { env })
    await gone()
  })
})

/** A Deployment of `programs/relay.js` that speaks HTTP/2 without TLS only, and its Service. */
function plainRelay(name: string, passed: string): KubeObject[] {
  const labels = { app: name }
  const metadata = { name, namespace: 'shop' }
  const container = {
    ...scriptContainer(SCRIPT, { PASSED: passed, SPEAKS: 'h2c' }),
    ports: [{ name: 'grpc', containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  }
  const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } }
  const spec = { selector: { matchLabels: labels }, template }
  const ports = [{ port: 80, targetPort: 8080 }]
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec } as KubeObject,
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports } } as KubeObject,
  ]
}

const SCRIPT = readFileSync('test/e2e/programs/relay.js', 'utf8')
/** What a watch needs, and looking into TLS of one workload only. */
const ROLE: KubeObject & object = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'remocal-e2e-taps' },
  rules: [
    { apiGroups: [''], resources: ['pods', 'services'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['apps'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['batch', 'argoproj.io', 'discovery.k8s.io'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [GROUP], resources: ['intercepts'], verbs: ['*'] },
    { apiGroups: [GROUP], resources: ['workloads'], verbs: ['tap', 'dial'] },
    { apiGroups: [GROUP], resources: ['workloads'], resourceNames: ['sealed'], verbs: ['tls'] },
  ],
} as KubeObject & object

describe('verify of services that speak TLS and HTTP/2', () => {
  const shop = new SecureShop(client)
  const apart = plainRelay('calls', 'baggage')
  let bob: Person

  before(async () => {
    const settings = { TLS_FILES: '/var/tls', PORT: '8443' }
    await shop.add('sealed', { script: SCRIPT, settings: { ...settings, PASSED: 'baggage' } })
    await shop.add('leaky', { script: SCRIPT, settings })
    await apply(client, [...apart, ROLE])
    bob = await person(client, kubeconfig, 'bob', ROLE.metadata.name)
    await untilReady(client, 'shop')
  })

  after(async () => {
    await remocal(['quit'], { env })
    await remocal(['quit'], { env: bob.env })
    await bob.end()
    await shop.end()
    for (const { apiVersion, kind, metadata } of [...apart, ROLE]) {
      const { name, namespace } = metadata
      await client.delete({ apiVersion, kind, name, ...(namespace !== undefined && { namespace }) })
    }
  })

  /** Relays that speak TLS trust only their own authority, so chains begin at one of them. */
  async function verify(path: string, who: Record<string, string> = env, host = 'sealed'): Promise<VerifyResult> {
    const args = ['verify', '-n', 'shop', '--insecure', '--chain', `https://${host}/${path}`, '-o', 'json']
    const { stdout, stderr } = await remocal(args, { env: who })
    assert.ok(stdout.startsWith('{"url"'), stderr + stdout)
    return JSON.parse(stdout) as VerifyResult
  }

  const seen = ({ hops }: VerifyResult): string[][] =>
    hops.map(({ workload, path, marks }) => [workload, path, ...marks])
  const FIRST = ['x-remocal', 'baggage', 'tracestate']

  for (const [protocol, host] of [
    ['https', 'leaky'],
    ['h2', 'leaky'],
    ['h2c', 'calls'],
    ['grpc', 'calls'],
  ] as const) {
    test(`a mark is seen that is handed on over ${protocol}`, async () => {
      const result = await verify(`${protocol}/${host}/shop.v1.Orders/Get`)
      assert.deepEqual([result.verdict, result.status], ['arrived', 200], JSON.stringify(result))
      assert.deepEqual(seen(result), [
        ['deploy/sealed', `/${protocol}/${host}/shop.v1.Orders/Get`, ...FIRST],
        [`deploy/${host}`, '/shop.v1.Orders/Get', 'baggage'],
      ])
      assert.deepEqual(result.blind, [])
    })
  }

  test('names who drops it behind TLS', async () => {
    const result = await verify('https/leaky/h2/sealed/a')
    assert.equal(result.verdict, 'dropped', JSON.stringify(result))
    assert.deepEqual(
      result.drops.map(({ by, workload }) => [by.workload, workload]),
      [['deploy/leaky', 'deploy/sealed']],
    )
  })

  test('without the right to look into TLS it says so, and blames nobody', async () => {
    const first = await verify('a', bob.env, 'leaky')
    assert.deepEqual([first.verdict, first.hops], ['unclear', []], JSON.stringify(first))
    assert.deepEqual(first.blind, [{ to: 'deploy/leaky', why: 'tls' }])
    assert.match(
      first.notes.join('\n'),
      /deploy\/leaky gets TLS, and you lack the verb "tls" on workloads\.remocal\.dev\/leaky/,
    )
    // It is the one that the mark may have gone to.
    const second = await verify('https/leaky/a', bob.env)
    assert.deepEqual([second.verdict, second.hops.length], ['unclear', 1], JSON.stringify(second))
    assert.deepEqual(second.blind, [{ by: 'deploy/sealed', to: 'deploy/leaky', why: 'tls' }])
  })
})
