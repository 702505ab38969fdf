import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { MAX_CONNECTIONS } from './orders.ts'
import { Reopening } from './reopening.ts'
import type { Connection } from './socket-table.ts'
import { startReopeningShell } from './start.ts'

const folder = mkdtempSync(join(tmpdir(), 'remocal-reopening-'))
const journal = join(folder, 'journal')
after(() => rmSync(folder, { recursive: true }))

/** Writes down what it is told; says of each order how many connections it named. */
const RECORDING = `
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
appendFileSync(${JSON.stringify(journal)}, 'run\\n')
for await (const line of createInterface({ input: process.stdin })) {
  appendFileSync(${JSON.stringify(journal)}, line + '\\n')
  const order = JSON.parse(line)
  if (order.end) break
  process.stdout.write(JSON.stringify({ ended: order.connections.length }) + '\\n')
}
process.stdin.destroy()
`
const FAILING = 'process.exit(1)'
const PROBLEM = `process.stdout.write('{"problem":"EPERM"}\\n')
process.stdin.on('data', () => process.exit())`

async function served(
  program: string,
): Promise<{ reopening: Reopening; next(): Promise<number>; closed: Promise<unknown> }> {
  const path = join(folder, 'helper.mjs')
  writeFileSync(path, program)
  writeFileSync(journal, '')
  const shell = await startReopeningShell([path], {})
  const reopening = new Reopening(shell.stdin, shell.stdout)
  const next = (): Promise<number> => new Promise((resolve) => (reopening.onNews = resolve))
  return { reopening, next, closed: new Promise((resolve) => shell.once('exit', resolve)) }
}

const connection = (inode: number, port = 8080): Connection => ({
  ...{ local: '0a4d0002', port, remote: '0a4d0001', remotePort: 40_000, inode },
})
const told = (): string[] => readFileSync(journal, 'utf8').trim().split('\n')

describe('the helper that ends connections', { timeout: 30_000 }, () => {
  it('is told again only of what it does not know, and runs once at a time', async () => {
    const { reopening, next, closed } = await served(RECORDING)
    let news = next()
    reopening.want([connection(1), connection(2)])
    assert.equal(await news, 2)
    // One has closed by itself: the helper sees that.
    reopening.want([connection(1)])
    news = next()
    reopening.want([connection(1), connection(3, 9090)])
    assert.equal(await news, 2)
    news = next()
    // Nobody wants those of the other port any more.
    reopening.want([connection(1)])
    assert.equal(await news, 1)
    const orders = [
      '{"connections":[[8080,1],[8080,2]]}',
      '{"connections":[[8080,1],[9090,3]]}',
      '{"connections":[[8080,1]]}',
    ]
    assert.deepEqual(told(), ['run', ...orders])
    reopening.want([])
    while (told().at(-1) !== '{"end":true}') await new Promise(setImmediate)
    reopening.close()
    await closed
  })

  it('whose shell is gone is never asked again', async () => {
    const path = join(folder, 'helper.mjs')
    writeFileSync(path, RECORDING)
    const shell = await startReopeningShell([path], {})
    const reopening = new Reopening(shell.stdin, shell.stdout)
    const news = new Promise((resolve) => (reopening.onNews = resolve))
    shell.kill('SIGKILL')
    assert.equal(await news, 0)
    reopening.want([])
    assert.equal(reopening.problem, 'what ends them has ended')
    reopening.want([connection(1)])
    reopening.close()
  })

  it('is started again only when its run is over', async () => {
    const { reopening, next, closed } = await served(RECORDING)
    let news = next()
    reopening.want([connection(1)])
    await news
    reopening.want([])
    news = next()
    const wish = setInterval(() => reopening.want([connection(2)]), 5)
    assert.equal(await news, 1)
    clearInterval(wish)
    assert.deepEqual(told(), ['run', '{"connections":[[8080,1]]}', '{"end":true}', 'run', '{"connections":[[8080,2]]}'])
    reopening.close()
    await closed
  })

  it('that fails, or says that it cannot, is not started again before nobody wants it', async () => {
    for (const [program, why] of [
      [FAILING, 'the helper failed'],
      [PROBLEM, 'EPERM'],
    ] as const) {
      const { reopening, next, closed } = await served(program)
      const news = next()
      reopening.want([connection(1)])
      assert.equal(await news, 0)
      assert.equal(reopening.problem, why)
      reopening.want([connection(1)])
      assert.equal(reopening.problem, why)
      reopening.want([])
      assert.equal(reopening.problem, undefined)
      reopening.close()
      await closed
    }
  })

  it('is told of so many at once, always the same ones', async () => {
    const { reopening, next, closed } = await served(RECORDING)
    const all = Array.from({ length: MAX_CONNECTIONS + 10 }, (_, n) => connection(n + 1))
    const news = next()
    reopening.want(all)
    assert.equal(await news, MAX_CONNECTIONS)
    reopening.want(all.toReversed())
    reopening.want([])
    while (told().at(-1) !== '{"end":true}') await new Promise(setImmediate)
    assert.equal(told().length, 3)
    reopening.close()
    await closed
  })
})
