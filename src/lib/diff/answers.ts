/** Two whole answers to the same request. */
import { diffBytes } from './bytes.ts'
import type { Difference } from './difference.ts'
import { Findings } from './findings.ts'
import { diffHeaders, type Headers } from './headers.ts'
import type { Ignored } from './ignored.ts'
import { diffJson, type Json, readJson } from './json.ts'

export interface Answer {
  status: number
  /** Names in lower case. */
  headers: Headers
  /** Decoded: no chunks, no content coding. */
  body: Buffer
}

export interface Compared {
  differences: Difference[]
  /** Beyond those that are listed. */
  more: number
}

export function diffAnswers(app: Answer, laptop: Answer, ignored: Ignored): Compared {
  const findings = new Findings()
  if (app.status !== laptop.status && !ignored.status) findings.add('status', `${app.status}`, `${laptop.status}`)
  diffHeaders(app.headers, laptop.headers, ignored.header, findings)
  if (!ignored.body) diffBodies(app, laptop, ignored, findings)
  return { differences: findings.all, more: findings.more }
}

function diffBodies(app: Answer, laptop: Answer, { paths }: Ignored, findings: Findings): void {
  if (app.body.equals(laptop.body)) return
  const [a, b] = [documentOf(app), documentOf(laptop)]
  if (a !== undefined && b !== undefined) {
    diffJson(a, b, paths, findings)
    return
  }
  const parted = diffBytes(app.body, laptop.body)
  if (parted !== undefined) findings.add('body', parted.app, parted.laptop)
}

/** The body as JSON, when that is what the answer says it is. */
function documentOf({ headers, body }: Answer): Json | undefined {
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? ''
  return /^[\w.+-]+\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type) ? readJson(body.toString('utf8')) : undefined
}
