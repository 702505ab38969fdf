/** The ways to an app of HTTP/2: directly, through the agent, and through two well-known proxies, one worker each. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpacked } from '../../scripts/debian.ts'
import { builtGo } from '../../test/peers/servers/built.ts'
import { startHaproxy } from '../../test/peers/servers/haproxy.ts'
import { type Started, started } from '../../test/peers/started.ts'
import { startAgent } from '../http1/peers.ts'

export type Way = 'direct' | 'agent' | 'nghttpx' | 'haproxy'

export function startGrpc(): Promise<Started> {
  const command = builtGo('grpcserver')
  return started((port) => ({ command, args: [String(port), 'app'] }))
}

/** nghttpx has no rule: it decides by path only. */
export async function startWay(way: Way, app: Started): Promise<Started> {
  if (way === 'agent') return startAgent(app.port, 1)
  if (way === 'haproxy') return startHaproxy((port) => haproxy(port, app.port))
  if (way === 'direct') return { port: app.port, pid: app.pid, close: async () => {} }
  const { program, env } = unpacked('nghttp2-proxy')
  return started((port, folder) => {
    // Without a file it looks for its own.
    const config = join(folder, 'nghttpx.conf')
    writeFileSync(
      config,
      `frontend=127.0.0.1,${port};no-tls
backend=127.0.0.1,${app.port};;proto=h2
workers=1
single-process=yes
accesslog-file=/dev/null
errorlog-file=/dev/null
`,
    )
    return { command: program('usr/sbin/nghttpx'), args: [`--conf=${config}`], env }
  })
}

function haproxy(port: number, app: number): string {
  return `defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend front
  bind 127.0.0.1:${port} proto h2
  use_backend laptop if { req.hdr(x-user) -m str jane }
  default_backend app
backend app
  server one 127.0.0.1:${app} proto h2
backend laptop
  server one 127.0.0.1:${app} proto h2
`
}
