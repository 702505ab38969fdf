/** The app, and the ways to it: directly, through the agent, and through two well-known proxies with the same rule. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AGENT_FLAGS, AGENT_MEMORY } from '../../src/agent/begin.ts'
import { endsWithUs } from '../../test/peers/children.ts'
import { startHaproxy } from '../../test/peers/servers/haproxy.ts'
import { startNginx } from '../../test/peers/servers/nginx.ts'
import type { Started } from '../../test/peers/started.ts'
import { end, printed } from '../lib/times.ts'

export type Way = 'direct' | 'agent' | 'agent, 50 filters' | 'nginx' | 'haproxy'

/** One connection serves as long as the load lasts: who opens new ones is measured elsewhere. */
const ENDLESS = 'keepalive_requests 1000000000;'
const KEPT = 64
const SMALL = 'x'.repeat(108)
const LARGE_BYTES = 1_000_000

/**
 * Answers 108 bytes at `/small` and 1 MB at `/large`, at the least cost: what stands before it is what is measured.
 * @param pem a file with its certificate and key: it speaks TLS, and `http2` to whoever offers it
 */
export function startApp(version: '' | 'http2' = '', pem?: string): Promise<Started> {
  const secure = pem === undefined ? '' : `ssl_certificate ${pem}; ssl_certificate_key ${pem};`
  return startNginx((port, folder) => {
    writeFileSync(join(folder, 'large'), Buffer.alloc(LARGE_BYTES, 'x'))
    return `  sendfile on;
  tcp_nopush on;
  open_file_cache max=10;
  ${ENDLESS}
  server {
    listen 127.0.0.1:${port} backlog=1024 ${pem === undefined ? '' : 'ssl'} ${version};
    ${secure}
    location = /small { default_type text/plain; return 200 "${SMALL}"; }
    location = /large { root ${folder}; }
  }`
  })
}

/** @param app where requests go, and those with `X-User: jane` too: to another upstream with connections of its own */
export async function startWay(way: Way, app: Started): Promise<Started> {
  if (way === 'nginx') return startNginx((port) => nginx(port, app.port))
  if (way === 'haproxy') return startHaproxy((port) => haproxy(port, app.port))
  if (way === 'direct') return { port: app.port, pid: app.pid, close: async () => {} }
  return startAgent(app.port, way === 'agent' ? 1 : 50)
}

/**
 * @param filters how many, of which one takes requests with `X-User: jane`
 * @param pems a file of the app's certificate and key: TLS is ended and begun again
 */
export async function startAgent(app: number, filters: number, ...pems: string[]): Promise<Started> {
  const program = join(import.meta.dirname, 'agent.ts')
  const child = spawn(process.execPath, [...AGENT_FLAGS, program, String(app), String(app), String(filters), ...pems], {
    env: { ...process.env, ...AGENT_MEMORY },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  endsWithUs(child)
  const [, port] = await printed(child, /(\d+)\n/)
  return { port: Number(port), pid: child.pid ?? 0, close: () => end(child) }
}

/** Answers are passed on as they come; large buffers, and no files for what does not fit. */
function nginx(port: number, app: number): string {
  const upstream = (name: string): string =>
    `  upstream ${name} { server 127.0.0.1:${app}; keepalive ${KEPT}; ${ENDLESS} }`
  return `${upstream('app')}
${upstream('laptop')}
  map $http_x_user $to { default app; jane laptop; }
  ${ENDLESS}
  tcp_nodelay on;
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://$to;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_buffers 16 64k;
      proxy_buffer_size 64k;
      proxy_busy_buffers_size 128k;
      proxy_max_temp_file_size 0;
    }
  }`
}

function haproxy(port: number, app: number): string {
  return `defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend front
  bind 127.0.0.1:${port}
  use_backend laptop if { req.hdr(x-user) -m str jane }
  default_backend app
backend app
  server one 127.0.0.1:${app}
backend laptop
  server one 127.0.0.1:${app}
`
}
