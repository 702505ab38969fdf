/** A wiretap copies requests to a laptop: callers get the app's answers, and notice nothing of a laptop that is slow. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { DifferenceEvent, StatusResult, WiretapCounts, WiretapResult } from '../../../src/lib/daemon-api.ts'
import { ClientPod, COUNTING } from '../client-pod.ts'
import { laptopHome, place } from '../place.ts'
import { type Running, remocal, remocalJson, start } from '../remocal.ts'
import { until } from '../until.ts'

const { client } = place()
const env = { REMOCAL_HOME: laptopHome(), HOST_LABEL: 'laptop' }
/** Requests of one client, half of them with a mark. */
const COUNT = 400
/** Answers as orders does, but for what `CHANGE` says; prints each request line. */
const PROGRAM = `
import { createServer } from 'node:http'
const change = JSON.parse(process.env.CHANGE ?? '{}')
createServer((request, response) => {
  console.log('GOT ' + request.method + ' ' + request.url)
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ service: 'orders', path: request.url, item: 'lamp', inStock: true, currency: 'CHF', ...change }))
}).listen(8080, () => console.log('LISTENING ' + process.pid))
`
const PROGRAM_LINE = ['--', process.execPath, '--input-type=module', '-e', PROGRAM]

type Line = ({ kind: 'begun' } & WiretapResult) | ({ kind: 'difference' } & DifferenceEvent) | Summary
type Summary = { kind: 'summary' } & WiretapCounts

interface Counted {
  marked: Record<string, number>
  plain: Record<string, number>
  failed: number
}

describe('a wiretap', () => {
  let mark = ''
  let running: Running | undefined
  const pods: ClientPod[] = []

  before(async () => {
    mark = (await remocalJson<{ mark: string }>(['connect'], { env })).mark
  })

  afterEach(async () => {
    await running?.end()
    running = undefined
    await remocal(['leave'], { env })
  })

  after(async () => {
    await Promise.all(pods.map((pod) => pod.end()))
    await remocal(['quit'], { env })
    client.close()
  })

  /** Starts a wiretap with the program. @returns the program's pid */
  async function tap(args: string[], settings: Record<string, string> = {}): Promise<number> {
    running = start(['wiretap', 'deploy/orders', '-n', 'shop', ...args, ...PROGRAM_LINE], {
      env: { ...env, ...settings },
    })
    return Number((await running.printed(/LISTENING (\d+)/))[1])
  }

  /** Sends requests from inside the cluster. */
  async function ask(count = COUNT): Promise<Counted> {
    const pod = new ClientPod(client, 'shop')
    pods.push(pod)
    const settings = { URL: 'http://orders/orders/1', COUNT: `${count}`, HEADER: `x-remocal: ${mark}` }
    await pod.start(COUNTING, settings)
    return JSON.parse((await pod.printed(/RESULT (.*)/))[1] ?? '') as Counted
  }

  async function counts(): Promise<WiretapCounts> {
    const { clusters } = await remocalJson<StatusResult>(['status'], { env })
    const found = clusters[0]?.attachments.find(({ mode }) => mode === 'wiretap')?.wiretap
    assert.ok(found)
    return found
  }

  /** Waits for counts; agents say theirs once a second. */
  function counted(what: string, check: (now: WiretapCounts) => boolean): Promise<WiretapCounts> {
    return until(what, 10_000, async () => {
      const now = await counts()
      return check(now) ? now : undefined
    })
  }

  /** Every request was answered, and by the app. */
  function byTheApp({ marked, plain, failed }: Counted, count = COUNT): void {
    assert.equal(failed, 0)
    const all = [...Object.entries(marked), ...Object.entries(plain)]
    assert.ok(
      all.every(([host]) => host.startsWith('orders-')),
      JSON.stringify({ marked, plain }),
    )
    assert.equal(
      all.reduce((sum, [, some]) => sum + some, 0),
      count,
    )
  }

  test('copies what its filter says, and the app answers', async () => {
    await tap([])
    byTheApp(await ask())
    const { copied, dropped } = await counted('half of the requests were copied', ({ copied }) => copied >= COUNT / 2)
    assert.equal(copied, COUNT / 2)
    assert.equal(
      Object.values(dropped).reduce((sum, some) => sum + some, 0),
      0,
    )
    const got = running?.output().match(/^GOT GET \/orders\/1$/gm) ?? []
    assert.equal(got.length, COUNT / 2)
  })

  test('lives until `leave` without a program, is told of in status and list, and drops what nothing here takes', async () => {
    const begun = await remocalJson<WiretapResult>(['wiretap', 'deploy/orders', '-n', 'shop', '--all'], { env })
    assert.equal(begun.percent, 100)
    byTheApp(await ask(20), 20)
    await counted('all are dropped', ({ dropped }) => dropped.unheard === 20)
    assert.match((await remocal(['status'], { env })).stdout, /all requests: 0 copied, 20 dropped \(unheard 20\)/)
    assert.match((await remocal(['list', '-n', 'shop'], { env })).stdout, /you: copies of all requests/)
    assert.match((await remocal(['leave', 'orders', '-n', 'shop'], { env })).stdout, /Left deploy\/orders/)
    assert.match((await remocal(['status'], { env })).stdout, /No attachments/)
  })

  test('copies a share, and so many a second at most', async () => {
    await tap(['--all', '--percent', '20'])
    byTheApp(await ask())
    const { copied } = await counts()
    // 80 are expected; the odds against these bounds are more than a million to one.
    assert.ok(copied > 35 && copied < 130, `${copied} of ${COUNT}`)
    await running?.end()

    await tap(['--all', '--max-rps', '10'])
    const startedAt = Date.now()
    byTheApp(await ask())
    const seconds = (Date.now() - startedAt) / 1000
    const limited = await counted(
      'what is over the rate is counted',
      ({ copied, dropped }) => copied + dropped.rate >= COUNT,
    )
    assert.equal(limited.copied + limited.dropped.rate, COUNT)
    assert.ok(limited.copied >= 10 && limited.copied <= 10 * (seconds + 1), `${limited.copied} in ${seconds} s`)
  })

  test('shows where answers differ, and says at the end what was the same', async () => {
    const ignored = ['$.host', '$.via', '$.item'].flatMap((field) => ['--ignore', field])
    await tap(['--all', '--diff', '-o', 'json', ...ignored], { CHANGE: '{"item":"bulb","currency":"EUR"}' })
    byTheApp(await ask(10), 10)
    await counted('all are compared', ({ compared }) => compared?.different === 10)
    const lines = await endedLines()
    const differences = lines.flatMap((line) => (line.kind === 'difference' ? [line] : []))
    assert.equal(differences.length, 10)
    for (const { method, target, differences: found } of differences) {
      assert.deepEqual([method, target], ['GET', '/orders/1'])
      assert.deepEqual(found, [{ field: '$.currency', app: '"CHF"', laptop: '"EUR"' }])
    }
    const summary = lines.find((line) => line.kind === 'summary')
    assert.deepEqual(summary?.compared, { same: 0, different: 10, uncompared: 0, untold: 0, pending: 0 })

    await tap(['--all', '--diff', '-o', 'json', ...ignored], { CHANGE: '{"item":"bulb"}' })
    byTheApp(await ask(10), 10)
    await counted('all are compared', ({ compared }) => compared?.same === 10)
  })

  test('of a program that reads nothing costs dropped copies, and callers notice nothing', async () => {
    const pid = await tap(['--all', '--diff'])
    process.kill(pid, 'SIGSTOP')
    try {
      byTheApp(await ask())
      // Each agent tells what it has counted once a second.
      const all = ({ dropped }: { dropped: { slow: number } }): boolean => dropped.slow >= COUNT - 2 * 64
      const { copied } = await counted('copies are dropped', all)
      assert.ok(copied <= 64, `${copied} were given to a program that reads nothing`)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    const before = await counted('what waited is compared', ({ compared }) => (compared?.different ?? 0) > 0)
    byTheApp(await ask(10), 10)
    await counted('new requests are copied again', ({ copied }) => copied >= before.copied + 10)
  })

  /** What it printed as JSON, once it has ended. */
  async function endedLines(): Promise<Line[]> {
    await running?.end()
    return (running?.output().match(/^\{"kind".*$/gm) ?? []).map((line) => JSON.parse(line) as Line)
  }
})
