/** The headers of a request that carries a mark and a trace of its own. */
import { randomBytes } from 'node:crypto'
import { MARK_NAME } from '../../lib/mark.ts'

export interface Marked {
  /** Nobody else's: 64 random bits. */
  mark: string
  trace: string
  headers: [name: string, value: string][]
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/

/**
 * Adds the mark in each of the three ways, and a trace unless the caller has one. The trace is not sampled: nobody's storage
 * is filled.
 */
export function markedHeaders(own: readonly [name: string, value: string][]): Marked {
  const mark = `verify-${randomBytes(8).toString('hex')}`
  const headers = [...own]
  const add = (name: string, value: string): void => {
    const at = headers.findIndex(([other]) => other.toLowerCase() === name)
    const [known, before] = headers[at] ?? []
    if (known === undefined) headers.push([name, value])
    // Ours first: of a long `tracestate` the end is cut off.
    else headers[at] = [known, `${value},${before}`]
  }
  add(MARK_NAME, mark)
  add('baggage', `${MARK_NAME}=${mark}`)
  add('tracestate', `${MARK_NAME}=${mark}`)
  const theirs = headers.find(([name]) => name.toLowerCase() === 'traceparent')?.[1]
  const known = TRACEPARENT.exec(theirs ?? '')?.[1]
  const trace = known ?? randomBytes(16).toString('hex')
  if (known === undefined) headers.push(['traceparent', `00-${trace}-${randomBytes(8).toString('hex')}-00`])
  return { mark, trace, headers }
}
