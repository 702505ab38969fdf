/** TLS that is ended and begun again: the agent beside haproxy for HTTP/1.1 (wrk), and beside nghttpx for HTTP/2 (h2load). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, createCertificate } from '../../src/wire/session/authority.ts'
import type { Started } from '../../test/peers/started.ts'
import { startAgent, startApp } from '../http1/peers.ts'
import { wrk } from '../http1/wrk.ts'
import { type Answered, compare } from '../lib/compare.ts'
import type { Figure } from '../lib/figure.ts'
import { judged, type Row } from '../lib/row.ts'
import { h2load } from './loads.ts'
import { startHaproxyWithRule, startNghttpx } from './proxies.ts'

type Way = 'agent' | 'haproxy' | 'nghttpx'

const SECONDS = 2

interface Setting {
  name: string
  beside: Way
  atLeast: number
  load(port: number): Promise<Answered>
}

const http1 = (connections: number) => (port: number) =>
  wrk(port, { connections, path: '/small', headers: [], tls: true }, SECONDS)
const http2 = (connections: number, streams: number) => (port: number) =>
  h2load(port, { connections, streams, path: '/small', tls: true })

const SETTINGS: Setting[] = [
  { name: 'TLS, HTTP/1.1, 1 connection', beside: 'haproxy', atLeast: 0.8, load: http1(1) },
  { name: 'TLS, HTTP/1.1, 32 connections', beside: 'haproxy', atLeast: 0.8, load: http1(32) },
  { name: 'TLS, HTTP/2, 1 connection × 32', beside: 'nghttpx', atLeast: 0.9, load: http2(1, 32) },
  { name: 'TLS, HTTP/2, 8 connections × 4', beside: 'nghttpx', atLeast: 0.9, load: http2(8, 4) },
]

export async function measureTls(say: (line: string) => void, only: string): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const setting of SETTINGS.filter(({ name }) => name.includes(only))) {
    say(setting.name)
    figures.push(...(await measured(setting)))
  }
  return figures
}

async function measured({ name, beside, atLeast, load }: Setting): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'remocal-bench-'))
  const pem = join(folder, 'app.pem')
  const { cert, key } = createCertificate(createAuthority('bench'), 'app', { hosts: ['127.0.0.1'] })
  writeFileSync(pem, cert + key)
  const app = await startApp('http2', pem)
  const ways = new Map<Way, Started>()
  try {
    ways.set('agent', await startAgent(app.port, 1, pem))
    ways.set(beside, await startPeer(beside, app.port, pem))
    const compared = await compare(ways, load)
    return rows(beside, atLeast).map((row) => judged(name, row, compared))
  } finally {
    await Promise.all([...ways.values(), app].map((one) => one.close()))
    rmSync(folder, { recursive: true })
  }
}

function rows(beside: Way, atLeast: number): Row<Way>[] {
  return [
    {
      ...{ what: '', unit: '1/s', of: 'agent', beside },
      goal: ['≥', atLeast],
      take: ({ requestsPerSecond }) => requestsPerSecond,
    },
  ]
}

/** None of them verifies the app: the agent, which does, compares one certificate with another. */
function startPeer(way: Way, app: number, pem: string): Promise<Started> {
  if (way === 'haproxy') {
    return startHaproxyWithRule({ front: `ssl crt ${pem} alpn http/1.1`, app, back: 'ssl verify none' })
  }
  const more = [`private-key-file=${pem}`, `certificate-file=${pem}`, 'insecure=yes']
  return startNghttpx({ front: '', app, back: ';tls', more })
}
