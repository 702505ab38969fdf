/** What `README.md` says. Arguments: `[--allow-missing] [--only TEXT]`. Exit code 79 when something is wrong, 69 when something cannot be had here. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { between } from '../peers/run.ts'
import { CLIENTS, expected } from './clients.ts'
import { type Kind, Place } from './place.ts'
import { renewal, strangers } from './renewal.ts'

const { values } = parseArgs({
  options: { 'allow-missing': { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const kinds: Kind[] = (['nginx', 'Go'] as const).flatMap((server) =>
  (['rsa', 'ecdsa'] as const).flatMap((key) =>
    (['1.2', '1.3'] as const).flatMap((version) => [
      { server, key, version, verifies: false },
      { server, key, version, verifies: true },
    ]),
  ),
)
const nameOf = ({ server, key, version, verifies }: Kind): string =>
  `${server} ${key.toUpperCase()} TLS ${version}${verifies ? ' that verifies' : ''}`

/** An app that resumes TLS shows its certificate again only after a while: not each of them is waited for. */
const isRenewed = ({ key, version, verifies }: Kind): boolean =>
  (key === 'rsa') === (version === '1.2') && verifies === (version === '1.3')

const startedAt = performance.now()
let right = 0
let wrong = 0
const missing: string[] = []

/** @param check what is wrong; undefined when nothing is */
async function judged(name: string, check: () => Promise<string | undefined>): Promise<void> {
  if (!name.includes(values.only)) return
  const startMs = performance.now()
  const problem = await check().catch(textOf)
  const ms = String(Math.round(performance.now() - startMs)).padStart(6)
  if (problem === undefined) right++
  else wrong++
  say(problem === undefined ? `ok    ${ms} ms  ${name}` : `WRONG ${ms} ms  ${name}: ${problem}`)
}

async function against(kind: Kind): Promise<void> {
  let place: Place
  try {
    place = await Place.start(kind)
  } catch (error) {
    missing.push(`${nameOf(kind)}: ${textOf(error)}`)
    return
  }
  try {
    const file = (name: string): string => join(place.keys, name)
    const asked = {
      ...{ port: place.port, version: kind.version, ca: file('ca.crt') },
      own: kind.verifies ? [file('caller.crt'), file('caller.key')] : [],
    }
    for (const [client, { ask }] of Object.entries(CLIENTS)) {
      if (missing.some((one) => one.startsWith(`${client}:`))) continue
      await judged(`${client} → ${nameOf(kind)}`, async () => {
        const said = await ask(asked)
        return said === expected() ? undefined : `${between(expected(), said)}; the agent: ${place.said}`
      })
    }
    if (kind.verifies) await judged(`strangers → ${nameOf(kind)}`, () => strangers(place))
    if (isRenewed(kind)) await judged(`a renewed certificate → ${nameOf(kind)}`, () => renewal(place))
  } finally {
    await place.close()
  }
}

for (const [name, { prepare }] of Object.entries(CLIENTS)) {
  try {
    prepare()
  } catch (error) {
    missing.push(`${name}: ${textOf(error)}`)
  }
}
const waiting = kinds.filter((kind) =>
  [...Object.keys(CLIENTS), 'strangers', 'a renewed certificate'].some((one) =>
    `${one} → ${nameOf(kind)}`.includes(values.only),
  ),
)
const line = async (): Promise<void> => {
  for (let kind = waiting.shift(); kind !== undefined; kind = waiting.shift()) await against(kind)
}
// Two at a time: their clients are processes too.
await Promise.all([line(), line()])
for (const one of missing) say(`MISSING ${one}`)
say(
  `${right + wrong} cases in ${Math.round((performance.now() - startedAt) / 1000)} s: ${wrong === 0 ? 'all right' : `${wrong} wrong`}${missing.length > 0 ? `, ${missing.length} missing` : ''}`,
)
if (wrong > 0 || right === 0) process.exitCode = 79
else if (missing.length > 0 && !values['allow-missing']) process.exitCode = 69
