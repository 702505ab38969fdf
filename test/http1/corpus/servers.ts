/** The servers of the corpus, and what each of them can do. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kind } from '../../peers/kind.ts'
import { HTTP, startHaproxy } from '../../peers/servers/haproxy.ts'
import { startNginx } from '../../peers/servers/nginx.ts'
import { python } from '../../peers/servers/python.ts'
import { type Started, started } from '../../peers/started.ts'
import { startGo, startNode, startTomcat } from '../servers/applications.ts'

const PROGRAMS = join(import.meta.dirname, '../servers/programs')
const ALL = 'get post chunked head empty unchanged close large upload continue parallel old'
const RAW = 'pipelined bytewise half-close one-zero one-zero-kept extension near-limit alternating too-large'
const cases = (...more: string[]): Set<string> => new Set([ALL, RAW, ...more].join(' ').split(' '))

export const KINDS: Kind[] = [
  {
    name: 'node',
    cases: cases('sums trailers refuse ignore hints early upgrade connect ws'),
    start: startNode,
  },
  { name: 'go', cases: cases('sums trailers refuse hints early upgrade'), start: startGo },
  { name: 'tomcat', cases: without(cases('sums trailers'), 'close'), start: startTomcat },
  {
    name: 'http.server',
    cases: cases(),
    start: (name) =>
      started((port) => ({ command: python(), args: [join(PROGRAMS, 'python/plain.py'), String(port), name] })),
  },
  {
    name: 'uvicorn',
    cases: without(cases('ws early'), 'close'),
    start: (name) =>
      started((port) => ({
        command: python(),
        args: [...UVICORN, '--port', String(port)],
        env: { REMOCAL_NAME: name },
      })),
  },
  {
    name: 'nginx',
    cases: without(cases('range ws'), 'chunked', 'close', 'half-close'),
    start: (name) => proxied(name, nginx),
  },
  { name: 'haproxy', cases: without(cases('fixed ws'), 'close'), start: (name) => proxied(name, haproxy) },
]

/** Its own limit, 5 s, is less than a case takes on a busy machine: a client's next request would meet a closed connection. */
const KEEP_ALIVE_S = '120'
const UVICORN = [
  ...['-m', 'uvicorn', 'asgi:answer', '--app-dir', join(PROGRAMS, 'python')],
  ...['--http', 'h11', '--ws', 'websockets', '--log-level', 'critical', '--h11-max-incomplete-event-size', '262144'],
  ...['--timeout-keep-alive', KEEP_ALIVE_S],
]

/**
 * What a server does not do, or not twice in the same way: how a proxy parts chunks is a matter of time; nginx before an app gives up whom it
 * sees half-closed; Tomcat says 100 and 417 at once (`refuse`).
 */
function without(all: Set<string>, ...less: string[]): Set<string> {
  return new Set([...all].filter((name) => !less.includes(name)))
}

/** A proxy before an application of its own. */
async function proxied(name: string, proxy: (to: number) => Promise<Started>): Promise<Started> {
  const app = await startNode(name)
  const front = await proxy(app.port)
  return {
    ...front,
    close: async () => {
      await Promise.all([front.close(), app.close()])
    },
  }
}

function nginx(to: number): Promise<Started> {
  return startNginx((port, folder) => {
    writeFileSync(join(folder, 'static'), 'remocal '.repeat(1000))
    return `  large_client_header_buffers 4 128k;
  client_max_body_size 0;
  map $http_upgrade $option { default upgrade; "" ""; }
  server {
    listen 127.0.0.1:${port};
    location = /static { root ${folder}; }
    location / {
      proxy_pass http://127.0.0.1:${to};
      proxy_http_version 1.1;
      proxy_set_header Connection $option;
      proxy_set_header Upgrade $http_upgrade;
    }
  }`
  })
}

function haproxy(to: number): Promise<Started> {
  return startHaproxy(
    (port) => `${HTTP}
frontend front
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string "as it is configured" if { path /fixed }
  default_backend app
backend app
  server one 127.0.0.1:${to}
`,
  )
}
