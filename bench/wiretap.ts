/** `npm run bench -- wiretap [--cluster]`: what a service's callers notice of a wiretap whose laptop reads nothing for a minute, after it has read. */
import { setTimeout as delay } from 'node:timers/promises'
import type { StatusResult } from '../src/lib/daemon-api.ts'
import { remocalJson, start } from '../test/e2e/remocal.ts'
import { type Figure, figure, type MeasureOptions } from './lib/figure.ts'
import { type Shop, withShop } from './lib/shop.ts'
import { times } from './lib/times.ts'
import { SteadyLoad } from './wiretap/steady.ts'

const STALLED_MS = 60_000
const CONTROL_MS = 30_000
/** Listens, and is stopped before anybody asks it. */
const PROGRAM = `
import { createServer } from 'node:http'
createServer((request, response) => request.resume().on('end', () => response.end())).listen(8080, () => console.log('LISTENING ' + process.pid))
`

export function measure(say: (line: string) => void, { cluster }: MeasureOptions): Promise<Figure[]> {
  return withShop({ cluster, say }, async (shop) => {
    const load = new SteadyLoad(shop.client)
    await load.start()
    try {
      const without: number[] = []
      const read: number[] = []
      const values = await times(async (turn) => {
        say(`turn ${turn + 1}: without a wiretap`)
        without.push(await during(load, CONTROL_MS))
        say(`turn ${turn + 1}: with one that is read, then stalled`)
        const p99 = await tapped(shop, load)
        read.push(p99.read)
        return p99.stalled
      })
      const row = (name: string, control: number[]): Figure =>
        figure({
          name: 'p99 of a service whose wiretap is stalled',
          values,
          unit: 'ms',
          peer: { name, values: control },
          goal: '≤ 1.1×',
          holds: (_value, ratio) => ratio !== null && ratio <= 1.1,
        })
      return [row('no wiretap', without), row('one that is read', read)]
    } finally {
      await load.end()
    }
  })
}

async function during(load: SteadyLoad, ms: number): Promise<number> {
  const from = Date.now()
  await delay(ms)
  return load.p99(from, Date.now())
}

async function tapped({ env, say }: Shop, load: SteadyLoad): Promise<{ read: number; stalled: number }> {
  const program = [process.execPath, '--input-type=module', '-e', PROGRAM]
  const wiretap = start(['wiretap', 'deploy/orders', '-n', 'shop', '--all', '--diff', '--', ...program], { env })
  const pid = Number((await wiretap.printed(/LISTENING (\d+)/))[1])
  try {
    await wiretap.printed(/Wiretapping/)
    const read = await during(load, CONTROL_MS)
    process.kill(pid, 'SIGSTOP')
    const stalled = await during(load, STALLED_MS)
    const { clusters } = await remocalJson<StatusResult>(['status'], { env })
    const counts = clusters[0]?.attachments[0]?.wiretap
    say(JSON.stringify(counts))
    const dropped = Object.values(counts?.dropped ?? {}).reduce((sum, some) => sum + some, 0)
    if (dropped === 0) throw new Error('no copy was dropped: the wiretap was not stalled')
    return { read, stalled }
  } finally {
    process.kill(pid, 'SIGCONT')
    await wiretap.end()
  }
}
