/**
 * `node test/http1/corpus.ts [--allow-missing] [--only TEXT]`: real clients and real servers, directly and through the agent, to the app and to
 * a laptop: what both ends see must be the same bytes. Exit code 79 when it is not, 69 when something cannot be had here.
 */
import { parseArgs } from 'node:util'
import { CLIENTS, type Client } from './corpus/clients.ts'
import { difference } from './corpus/difference.ts'
import { Place, type Way } from './corpus/place.ts'
import { KINDS, type Kind } from './corpus/servers.ts'
import { SEVERAL } from './corpus/several.ts'

const { values } = parseArgs({
  options: { 'allow-missing': { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const startedAt = performance.now()
let right = 0
let wrong = 0
const missing: string[] = []

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function judge(name: string, startMs: number, problem: string | undefined, cases = 1): void {
  const ms = String(Math.round(performance.now() - startMs)).padStart(6)
  if (problem === undefined) right += cases
  else wrong += cases
  say(problem === undefined ? `ok    ${ms} ms  ${name}` : `WRONG ${ms} ms  ${name}: ${problem}`)
}

/** Clients that can be had here. */
const clients = CLIENTS.filter((client) => {
  try {
    client.prepare()
    return true
  } catch (error) {
    missing.push(`${client.name}: ${textOf(error)}`)
    return false
  }
})

async function compared(place: Place, client: Client, cases: string[], user: string): Promise<string | undefined> {
  let way: Way = 'direct'
  try {
    const direct = await place.run(client, cases, way, user)
    way = 'agent'
    return difference(direct, await place.run(client, cases, way, user))
  } catch (error) {
    await place.forget().catch(() => {})
    return `${way}: ${textOf(error)}`
  }
}

/** Cases one after the other in one process; where they differ, each of them again by itself. */
async function judged(place: Place, kind: Kind, client: Client, cases: string[], user: string): Promise<void> {
  const name = `${client.name} → ${kind.name} (${user === '' ? 'app' : 'laptop'}): ${cases.join(' ')}`
  if (cases.length === 0 || !name.includes(values.only)) return
  const startMs = performance.now()
  const problem = await compared(place, client, cases, user)
  judge(name, startMs, problem, cases.length)
  if (problem === undefined || cases.length === 1) return
  for (const one of cases) {
    const alone = await compared(place, client, [one], user)
    if (alone !== undefined) say(`       ${one} alone: ${alone}`)
  }
}

async function against(kind: Kind): Promise<void> {
  let place: Place
  try {
    place = await Place.start(kind)
  } catch (error) {
    missing.push(`${kind.name}: ${textOf(error)}`)
    return
  }
  try {
    for (const client of clients) {
      const cases = [...client.cases].filter((name) => kind.cases.has(name))
      for (const some of client.apart === true ? cases.map((one) => [one]) : [cases]) {
        for (const user of ['', 'jane']) await judged(place, kind, client, some, user)
      }
    }
    for (const [one, check] of Object.entries(SEVERAL)) {
      const name = `sockets ${one} → ${kind.name}`
      if (name.includes(values.only)) judge(name, performance.now(), await check(place))
    }
  } finally {
    await place.close()
  }
}

/** Two at a time: their clients are processes too. */
const waiting = [...KINDS]
await Promise.all(
  [1, 2].map(async () => {
    for (let kind = waiting.shift(); kind !== undefined; kind = waiting.shift()) await against(kind)
  }),
)
for (const one of missing) say(`MISSING ${one}`)
const seconds = Math.round((performance.now() - startedAt) / 1000)
say(
  `${right + wrong} cases in ${seconds} s: ${wrong === 0 ? 'no difference' : `${wrong} wrong`}${missing.length > 0 ? `, ${missing.length} missing` : ''}`,
)
if (wrong > 0 || right === 0) process.exitCode = 79
else if (missing.length > 0 && !values['allow-missing']) process.exitCode = 69
