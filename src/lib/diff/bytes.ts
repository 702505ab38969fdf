/** Two bodies that are no JSON: whether they are the same, and where they part. */

/** Bytes that are shown from there on. */
const SHOWN = 60

/** Undefined when they are the same. */
export function diffBytes(app: Buffer, laptop: Buffer): { app: string; laptop: string } | undefined {
  if (app.equals(laptop)) return undefined
  let at = 0
  while (at < app.length && app[at] === laptop[at]) at++
  return { app: show(app, at), laptop: show(laptop, at) }
}

function show(body: Buffer, from: number): string {
  const rest = body.subarray(from, from + SHOWN).toString('utf8')
  const shown = rest === '' ? 'its end' : `${JSON.stringify(rest)}${body.length > from + SHOWN ? '…' : ''}`
  return `${body.length} bytes, from byte ${from} ${shown}`
}
