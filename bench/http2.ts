/**
 * `npm run bench -- http2`: the agent between a load (h2load; calls of grpc-go) and an app (nginx; grpc-go), beside nghttpx and haproxy in its place,
 * and the same in TLS that is ended and begun again. All on loopback, one process each.
 */
import type { Started } from '../test/peers/started.ts'
import { startApp } from './http1/peers.ts'
import { calls, h2load, type Load } from './http2/loads.ts'
import { startGrpc, startWay, type Way } from './http2/peers.ts'
import { measureTls } from './http2/tls.ts'
import { compare } from './lib/compare.ts'
import type { Figure, MeasureOptions } from './lib/figure.ts'
import { judged, type Row } from './lib/row.ts'

const rate = (beside: Way, atLeast: number, unit = '1/s'): Row<Way> => ({
  what: '',
  unit,
  of: 'agent',
  beside,
  goal: ['≥', atLeast],
  take: ({ requestsPerSecond }) => requestsPerSecond,
})
const cpu = (beside: Way): Row<Way> => ({
  what: 'CPU of a request',
  unit: 'µs',
  of: 'agent',
  beside,
  goal: ['≤', 1],
  take: (cost) => cost.cpu,
})
const added: Row<Way> = {
  what: 'added to the median',
  unit: 'µs',
  of: 'agent',
  beside: 'nghttpx',
  goal: ['≤', 1],
  take: ({ p50 }, bare) => p50 - (bare?.p50 ?? 0),
}

interface Setting {
  name: string
  ways: Way[]
  load: Load | 'gRPC'
  rows: Row<Way>[]
}

const small = (connections: number, streams: number): Load => ({ connections, streams, path: '/small' })
const large = (connections: number, streams: number): Load => ({ connections, streams, path: '/large' })
const PEERS: Way[] = ['agent', 'nghttpx', 'haproxy']
const RATES = [rate('nghttpx', 1), rate('haproxy', 1), cpu('nghttpx'), cpu('haproxy')]

const SETTINGS: Setting[] = [
  { name: 'small requests, 1 connection × 32', ways: PEERS, load: small(1, 32), rows: RATES },
  { name: 'small requests, 8 connections × 4', ways: PEERS, load: small(8, 4), rows: RATES },
  { name: '1 MB bodies, 1 × 4', ways: ['agent', 'nghttpx'], load: large(1, 4), rows: [rate('nghttpx', 0.8, 'MB/s')] },
  { name: 'gRPC unary', ways: ['direct', 'agent', 'nghttpx'], load: 'gRPC', rows: [added, cpu('nghttpx')] },
]

export async function measure(say: (line: string) => void, { only }: MeasureOptions): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const setting of SETTINGS.filter(({ name }) => name.includes(only))) {
    say(setting.name)
    figures.push(...(await measured(setting)))
  }
  return [...figures, ...(await measureTls(say, only))]
}

async function measured({ name, ways, load, rows }: Setting): Promise<Figure[]> {
  const app = load === 'gRPC' ? await startGrpc() : await startApp('http2')
  const all = new Map<Way, Started>()
  try {
    for (const way of ways) all.set(way, await startWay(way, app))
    const compared = await compare(all, (port) => (load === 'gRPC' ? calls(port) : h2load(port, load)))
    return rows.map((row) => judged(name, row, compared, compared.get('direct')))
  } finally {
    await Promise.all([...all.values(), app].map((one) => one.close()))
  }
}
