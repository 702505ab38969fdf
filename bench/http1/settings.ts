/** What is measured, and what must hold of it. */
import type { Row } from '../lib/row.ts'
import { JANE } from './filters.ts'
import type { Way } from './peers.ts'
import type { Load } from './wrk.ts'

export interface Setting {
  name: string
  ways: Way[]
  load: Load
  rows: Row<Way>[]
}

const rate = (of: Way, beside: Way, atLeast: number): Row<Way> => ({
  what: '',
  unit: '1/s',
  of,
  beside,
  goal: ['≥', atLeast],
  take: ({ requestsPerSecond }) => requestsPerSecond,
})
/** Of the whole answers, 1 MB each. */
const megabytes: Row<Way> = { ...rate('agent', 'nginx', 0.9), unit: 'MB/s' }
const cpu: Row<Way> = {
  what: 'CPU of a request',
  unit: 'µs',
  of: 'agent',
  beside: 'nginx',
  goal: ['≤', 1],
  take: ({ cpu }) => cpu,
}
const added: Row<Way> = {
  what: 'added to the median',
  unit: 'µs',
  of: 'agent',
  beside: 'nginx',
  goal: ['≤', 1],
  take: ({ p50 }, bare) => p50 - (bare?.p50 ?? 0),
}

const small = (connections: number, ...headers: string[]): Load => ({ connections, path: '/small', headers })
const large = (connections: number): Load => ({ connections, path: '/large', headers: [JANE] })
const RULE = [
  rate('agent', 'nginx', 0.9),
  rate('agent', 'haproxy', 0.8),
  { ...rate('agent, 50 filters', 'agent', 0.9), peer: 'one filter' },
]
const ALL: Way[] = ['agent', 'agent, 50 filters', 'nginx', 'haproxy']

export const SETTINGS: Setting[] = [
  { name: 'requests of a rule, 1 connection', ways: ALL, load: small(1, JANE), rows: RULE },
  { name: 'requests of a rule, 32 connections', ways: ALL, load: small(32, JANE), rows: RULE },
  { name: 'requests of no rule, 1 connection', ways: ['direct', 'agent', 'nginx'], load: small(1), rows: [added, cpu] },
  { name: 'requests of no rule, 32 connections', ways: ['agent', 'nginx'], load: small(32), rows: [cpu] },
  { name: '1 MB bodies, 1 connection', ways: ['agent', 'nginx'], load: large(1), rows: [megabytes] },
  { name: '1 MB bodies, 32 connections', ways: ['agent', 'nginx'], load: large(32), rows: [megabytes] },
]
