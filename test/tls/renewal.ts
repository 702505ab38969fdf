/** The app gets another certificate while a client asks again and again, each time on a connection of its own. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import type { Place } from './place.ts'

const LIMIT_MS = 20_000

export interface Answered {
  who: string
  /** Common name of the certificate that was shown. */
  by: string
}

/** @param who shows its certificate where the app asks for one. Rejects when it is not answered. */
export async function ask({ port, keys, kind }: Place, user: string, who?: string): Promise<Answered> {
  const file = (name: string): Buffer => readFileSync(join(keys, name))
  const own = who === undefined ? {} : { cert: file(`${who}.crt`), key: file(`${who}.key`) }
  const bound = `TLSv${kind.version}` as const
  const request = https.get({
    ...{ host: 'localhost', port, path: '/a', headers: { 'x-user': user }, agent: false, timeout: 10_000 },
    ...{ ca: file('ca.crt'), minVersion: bound, maxVersion: bound, ...own },
  })
  request.on('timeout', () => request.destroy(new Error('no answer within 10 s')))
  const [answer] = await once(request, 'response')
  const { subject } = (answer.socket as TLSSocket).getPeerCertificate()
  const text = Buffer.concat(await answer.toArray()).toString()
  if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}`)
  return { who: text.split(' ', 1)[0] ?? '', by: String(subject.CN) }
}

/** @returns what is wrong; undefined when nothing is */
export async function renewal(place: Place): Promise<string | undefined> {
  const { key, verifies } = place.kind
  const who = verifies ? 'caller' : undefined
  const before = await ask(place, 'jane', who)
  if (before.who !== 'laptop' || before.by !== key) return `before: ${before.who} by ${before.by}`
  place.renew()
  const endsAt = Date.now() + LIMIT_MS
  for (;;) {
    // The app's own clients see it first, and all are answered.
    const [nobody, jane] = [await ask(place, '', who), await ask(place, 'jane', who)]
    if (nobody.who !== 'app') return `a request of nobody was answered by ${nobody.who}`
    if (jane.who === 'laptop' && jane.by === `${key}-renewed`) return undefined
    if (Date.now() > endsAt) return `after ${LIMIT_MS} ms: ${jane.who} by ${jane.by}`
    await delay(200)
  }
}

/** Who shows no certificate, or one of another authority, is let in neither by the app nor by the agent. @returns what is wrong */
export async function strangers(place: Place): Promise<string | undefined> {
  for (const who of [undefined, 'stranger']) {
    for (const user of ['', 'jane']) {
      const answered = await ask(place, user, who).then(
        (answer) => answer.who,
        () => undefined,
      )
      if (answered !== undefined) return `${who ?? 'somebody without a certificate'} was answered by ${answered}`
    }
  }
  return undefined
}
