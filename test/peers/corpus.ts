/**
 * Clients and servers beside each other: each case directly and through the agent, to the app and to a laptop. Arguments of the program:
 * `[--allow-missing] [--only TEXT]`. Exit code 79 when something differs, 69 when something cannot be had here.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Client } from './client.ts'
import type { Kind } from './kind.ts'
import { Place, type Way } from './place.ts'
import { type Row, rowsOf } from './row.ts'
import type { Run } from './run.ts'
import { Slots } from './slots.ts'

export interface Corpus {
  clients: Client[]
  kinds: Kind[]
  /** @returns a sentence; undefined when there is no difference */
  difference(direct: Run, through: Run): string | undefined
  /** What only the agent does, for each kind. @returns what is wrong; undefined when nothing is */
  several: Record<string, (place: Place) => Promise<string | undefined>>
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export async function corpus(corpus: Corpus): Promise<void> {
  const { values } = parseArgs({
    options: { 'allow-missing': { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
  })
  const startedAt = performance.now()
  const pass = new Pass(corpus, values.only)
  await pass.run()
  const { right, wrong, missing } = pass
  for (const one of missing) say(`MISSING ${one}`)
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  say(
    `${right + wrong} cases in ${seconds} s: ${wrong === 0 ? 'no difference' : `${wrong} wrong`}${missing.length > 0 ? `, ${missing.length} missing` : ''}`,
  )
  if (wrong > 0 || right === 0) process.exitCode = 79
  else if (missing.length > 0 && !values['allow-missing']) process.exitCode = 69
}

class Pass {
  right = 0
  wrong = 0
  readonly missing: string[] = []
  readonly #corpus: Corpus
  readonly #only: string
  readonly #clients: Client[]
  /** Clients are processes, beside those of their servers. */
  readonly #slots = new Slots(availableParallelism() + 1)

  constructor(corpus: Corpus, only: string) {
    this.#corpus = corpus
    this.#only = only
    this.#clients = corpus.clients.filter((client) => this.#canBeHad(client))
  }

  /** All kinds at once: most of a run is waiting for connections to be over. What costs is bounded by slots. */
  async run(): Promise<void> {
    await Promise.all(this.#corpus.kinds.map((kind) => this.#against(kind)))
  }

  #canBeHad(client: Client): boolean {
    try {
      client.prepare()
      return true
    } catch (error) {
      this.missing.push(`${client.name}: ${textOf(error)}`)
      return false
    }
  }

  async #against(kind: Kind): Promise<void> {
    const rows = rowsOf(this.#clients, kind, this.#only)
    const several = Object.entries(this.#corpus.several).filter(
      ([one]) => kind.cases.has(one) && `sockets ${one} → ${kind.name}`.includes(this.#only),
    )
    if (rows.length + several.length === 0) return
    const inPlace = async (): Promise<void> => {
      const place = await this.#slots.with(() => Place.start(kind))
      try {
        for (let row = rows.shift(); row !== undefined; row = rows.shift()) await this.#judged(place, row)
        for (let one = several.shift(); one !== undefined; one = several.shift()) {
          const [name, check] = one
          const startMs = performance.now()
          const problem = await this.#slots.with(() => check(place)).catch(textOf)
          this.#judge(`sockets ${name} → ${kind.name}`, startMs, problem)
        }
      } finally {
        await place.close()
      }
    }
    const places = Math.min(kind.places ?? 1, rows.length + several.length)
    const ended = await Promise.allSettled(Array.from({ length: places }, inPlace))
    const failed = ended.find((one) => one.status === 'rejected')
    if (failed !== undefined) this.missing.push(`${kind.name}: ${textOf(failed.reason)}`)
  }

  /** Cases one after the other in one process; where they differ, each of them again by itself. */
  async #judged(place: Place, row: Row): Promise<void> {
    const startMs = performance.now()
    const { name, client, cases, user } = row
    const problem = await this.#compared(place, client, cases, user)
    this.#judge(name, startMs, problem, cases.length)
    if (problem === undefined || cases.length === 1) return
    for (const one of cases) {
      const alone = await this.#compared(place, client, [one], user)
      if (alone !== undefined) say(`       ${one} alone: ${alone}`)
    }
  }

  async #compared(place: Place, client: Client, cases: string[], user: string): Promise<string | undefined> {
    let way: Way = 'direct'
    try {
      const direct = await place.run(client, cases, way, user, this.#slots)
      way = 'agent'
      return this.#corpus.difference(direct, await place.run(client, cases, way, user, this.#slots))
    } catch (error) {
      await place.forget().catch(() => {})
      return `${way}: ${textOf(error)}`
    }
  }

  #judge(name: string, startMs: number, problem: string | undefined, cases = 1): void {
    const ms = String(Math.round(performance.now() - startMs)).padStart(6)
    if (problem === undefined) this.right += cases
    else this.wrong += cases
    say(problem === undefined ? `ok    ${ms} ms  ${name}` : `WRONG ${ms} ms  ${name}: ${problem}`)
  }
}
