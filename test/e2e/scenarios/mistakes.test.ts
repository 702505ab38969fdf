/** Wrong arguments and broken surroundings: one sentence, what to do, the right exit code, nothing changed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { GROUP, VERSION } from '../../../src/kube/resources.ts'
import type { FaultFields } from '../../../src/lib/fault.ts'
import { type Person, person } from '../person.ts'
import { laptopHome, place, withoutRoot } from '../place.ts'
import { processes } from '../processes.ts'
import { type Ran, REMOCAL, remocal, run } from '../remocal.ts'
import { until } from '../until.ts'

const { client, kubeconfig } = place()
const home = laptopHome()
const env = { REMOCAL_HOME: home }
let stranger: Person
const lonely = { env: { REMOCAL_HOME: join(home, 'alone') }, wasThere: false }
const isThere = (): boolean =>
  processes(/daemon$/).some(({ environment }) => environment.includes(`REMOCAL_HOME=${lonely.env.REMOCAL_HOME}\n`))

before(async () => {
  stranger = await person(client, kubeconfig, 'stranger')
  const { code } = await remocal(['connect', '--kubeconfig', join(home, 'nowhere.yaml')], { env: lonely.env })
  assert.equal(code, 69)
  lonely.wasThere = isThere()
})

after(async () => {
  await remocal(['quit'], { env })
  await remocal(['quit'], { env: stranger.env })
  await stranger.end()
  client.close()
})

interface Mistake {
  what: string
  args: string[]
  env?: () => Record<string, string>
  exit: number
  code: string
  /** What the sentence or the actions must name. */
  names: RegExp
}

const MISTAKES: Mistake[] = [
  {
    what: 'no cluster',
    args: ['connect', '--kubeconfig', join(home, 'nowhere.yaml')],
    exit: 69,
    code: 'RC-C-101',
    names: /127\.0\.0\.1/,
  },
  { what: 'no such context', args: ['connect', '--context', 'nowhere'], exit: 64, code: 'RC-C-103', names: /nowhere/ },
  {
    what: 'no permission',
    args: ['intercept', 'deploy/orders', '-n', 'shop'],
    env: () => stranger.env,
    exit: 77,
    code: 'RC-C-114',
    names: /kubectl auth can-i|create rolebinding/,
  },
  {
    what: 'no such workload',
    args: ['intercept', 'deploy/order', '-n', 'shop'],
    exit: 64,
    code: 'RC-I-201',
    names: /orders/,
  },
  {
    what: 'no such port',
    args: ['intercept', 'deploy/orders', '-n', 'shop', '--port', '81'],
    exit: 64,
    code: 'RC-I-202',
    names: /80|http/,
  },
  {
    what: 'a filter that is not CEL',
    args: ['intercept', 'deploy/orders', '-n', 'shop', '--filter', 'request.metod == "GET"'],
    exit: 64,
    code: 'RC-U-102',
    names: /metod/,
  },
  {
    what: 'a program that does not exist',
    args: ['intercept', 'deploy/orders', '-n', 'shop', '--', './no-such-program'],
    exit: 127,
    code: 'RC-L-107',
    names: /no-such-program/,
  },
  { what: 'an unknown command', args: ['intrcept'], exit: 64, code: 'RC-U-101', names: /intercept/ },
  { what: 'an unknown flag', args: ['status', '--al'], exit: 64, code: 'RC-U-101', names: /--al/ },
]

writeFileSync(
  join(home, 'nowhere.yaml'),
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'a', user: {} }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    'current-context': 'a',
  }),
)

/** One document on stdout, one fault in it. */
function faultOf({ stdout, stderr }: Ran): FaultFields {
  try {
    return (JSON.parse(stdout) as { fault: FaultFields }).fault
  } catch {
    throw new Error(`no JSON document on stdout: ${stdout}\n${stderr}`)
  }
}

for (const { what, args, env: own, exit, code, names } of MISTAKES) {
  test(`${what}: ${code}`, async () => {
    const split = args.includes('--') ? args.indexOf('--') : args.length
    const withJson = [...args.slice(0, split), '-o', 'json', ...args.slice(split)]
    const ran = await remocal(withJson, { env: own?.() ?? env })
    const fault = faultOf(ran)
    assert.equal(fault.code, code, fault.sentence)
    assert.equal(ran.code, exit)
    assert.match([fault.sentence, ...fault.actions].join('\n'), names)
    assert.ok(fault.actions.length >= 1 && fault.actions.length <= 2, 'says what to do')
    const { items } = await client.list({ apiVersion: `${GROUP}/${VERSION}`, kind: 'Intercept', namespace: 'shop' })
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      [],
    )
  })
}

test('a busy laptop port is said', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const first = await remocal(['intercept', 'deploy/orders', '-n', 'shop', '--port', `80:${port}`], { env })
  assert.equal(first.code, 0, first.stderr)
  const second = await remocal(['intercept', 'deploy/stock', '-n', 'shop', '--port', `80:${port}`, '-o', 'json'], {
    env,
  })
  assert.equal(faultOf(second).code, 'RC-L-108')
  assert.equal(second.code, 64)
  await remocal(['leave'], { env })
  server.close()
})

test('a second daemon steps aside; a stale socket does not matter', async () => {
  assert.equal((await remocal(['connect'], { env })).code, 0)
  const second = await run(REMOCAL, ['daemon'], { env, limitMs: 10_000 })
  assert.notEqual(second.code, null, 'it ended by itself')
  assert.equal((await remocal(['status'], { env })).code, 0)

  const stale = join(home, 'stale')
  mkdirSync(stale, { mode: 0o700 })
  writeFileSync(join(stale, 'daemon.sock'), '')
  const connected = await remocal(['connect'], { env: { REMOCAL_HOME: stale } })
  assert.equal(connected.code, 0, connected.stderr)
  await remocal(['quit'], { env: { REMOCAL_HOME: stale } })
})

test('a full disk: one sentence, and nothing is left', {
  skip: withoutRoot('mounts a small file system'),
}, async () => {
  const full = join(home, 'full')
  mkdirSync(full)
  // A file system of its own that is full, in a mount namespace that ends with the command.
  const script = `mount -t tmpfs -o size=16k tmpfs "$0" && dd if=/dev/zero of="$0/zeros" bs=1k 2>/dev/null; exec "$1" connect -o json`
  const ran = await run('unshare', ['--mount', 'sh', '-c', script, full, REMOCAL], {
    env: { REMOCAL_HOME: join(full, 'state') },
  })
  assert.equal(faultOf(ran).code, 'RC-L-103')
  assert.equal(ran.code, 69)
})

/** Begun before the others, which last as long as the daemon may: it is not waited for. */
test('a daemon that a failed command has started ends by itself', async () => {
  assert.equal(lonely.wasThere, true)
  await until('it has ended', 30_000, async () => !isThere())
  const { code, stdout } = await remocal(['status'], { env: lonely.env })
  assert.deepEqual([code, stdout], [0, 'No daemon is running; nothing is attached.\n'])
})
