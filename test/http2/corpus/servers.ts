/** The servers of the corpus, and what each of them can do. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpacked } from '../../../scripts/debian.ts'
import { startNode } from '../../http1/servers/applications.ts'
import type { Kind } from '../../peers/kind.ts'
import { builtGo } from '../../peers/servers/built.ts'
import { startNginx } from '../../peers/servers/nginx.ts'
import { python } from '../../peers/servers/python.ts'
import { type Started, started } from '../../peers/started.ts'

const PROGRAMS = join(import.meta.dirname, '../servers')
const LARGE_BYTES = 20 * 1024 * 1024
const ALL = 'get post nothing head empty unchanged large upload trailers pieces both early cookies'
const MANY = 'twice many many-small parallel load-one load-many load-large'
const GRPC = 'unary unary-empty unary-large metadata fail deadline count turns turns-cancelled calls minute'
/** Two streams of a minute, to the app and to the laptop, beside the rest. */
const GRPC_PLACES = 3
const UPGRADE =
  'upgrade-get upgrade-post upgrade-nothing upgrade-head upgrade-empty upgrade-large upgrade-upload upgrade-pieces'
const cases = (text: string): Set<string> => new Set(text.split(' '))

export const KINDS: Kind[] = [
  {
    name: 'node:http2',
    cases: cases(`${ALL} ${MANY} meet sums hints cancelled reset talk alternating declined`),
    start: (name) =>
      started((port) => ({ command: process.execPath, args: [join(PROGRAMS, 'node.ts'), String(port), name] })),
  },
  { name: 'nghttpd', cases: cases(`get post nothing head large upload trailers both ${MANY}`), start: startNghttpd },
  {
    name: 'nginx',
    cases: cases(`get post nothing head empty unchanged large upload static ${MANY}`),
    start: nginx,
  },
  {
    name: 'net/http',
    cases: cases(`${ALL} ${MANY} meet sums hints`),
    start: (name) => started((port) => ({ command: builtGo('http2server'), args: [String(port), name] })),
  },
  {
    name: 'hypercorn',
    cases: cases(
      `get post nothing head empty unchanged large upload pieces cookies many many-small load-many ${UPGRADE}`,
    ),
    start: (name) =>
      started((port) => ({
        command: python(),
        args: [join(PROGRAMS, 'asgi_server.py'), String(port)],
        env: { REMOCAL_NAME: name },
      })),
  },
  {
    name: 'grpc-js',
    places: GRPC_PLACES,
    cases: cases(GRPC),
    start: (name) =>
      started((port) => ({ command: process.execPath, args: [join(PROGRAMS, 'grpc.ts'), String(port), name] })),
  },
  {
    name: 'grpcio',
    places: GRPC_PLACES,
    cases: cases(GRPC),
    start: (name) =>
      started((port) => ({ command: python(), args: [join(PROGRAMS, 'grpc_server.py'), String(port), name] })),
  },
  {
    name: 'grpc-go',
    places: GRPC_PLACES,
    cases: cases(GRPC),
    start: (name) => started((port) => ({ command: builtGo('grpcserver'), args: [String(port), name] })),
  },
]

/** Files, each with trailers; it gives back what it is sent. */
function startNghttpd(name: string): Promise<Started> {
  const { program, env } = unpacked('nghttp2-server')
  return started((port, folder) => {
    writeFileSync(join(folder, 'large'), Buffer.alloc(LARGE_BYTES, 'remocal '))
    for (const file of ['a', 'trailers']) writeFileSync(join(folder, file), `${name} ${file}\n`)
    const args = ['--no-tls', '--echo-upload', '--address=127.0.0.1', `--htdocs=${folder}`, '--trailer=x-sum: 42']
    return { command: program('usr/sbin/nghttpd'), args: [...args, '--workers=1', String(port)], env }
  })
}

/** Before an application of HTTP/1.1. */
async function nginx(name: string): Promise<Started> {
  const app = await startNode(name)
  const front = await startNginx((port, folder) => {
    writeFileSync(join(folder, 'static'), 'remocal '.repeat(1000))
    return `  large_client_header_buffers 4 128k;
  client_max_body_size 0;
  keepalive_requests 100000;
  server {
    listen 127.0.0.1:${port} http2;
    location = /static { root ${folder}; }
    location / {
      proxy_pass http://127.0.0.1:${app.port};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }`
  })
  const close = async (): Promise<void> => void (await Promise.all([front.close(), app.close()]))
  return { ...front, close }
}
