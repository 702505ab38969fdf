/** Two well-known proxies before one app, with one worker each. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpacked } from '../../scripts/debian.ts'
import { startHaproxy } from '../../test/peers/servers/haproxy.ts'
import { type Started, started } from '../../test/peers/started.ts'

/** What each says of its own side and of the app's, in its own words. */
interface Sides {
  /** Behind the address. */
  front: string
  app: number
  /** Behind the app's address. */
  back: string
  more?: string[]
}

/** It has no rule: it decides by path only. */
export function startNghttpx({ front, app, back, more = [] }: Sides): Promise<Started> {
  const { program, env } = unpacked('nghttp2-proxy')
  return started((port, folder) => {
    // Without a file it looks for its own.
    const config = join(folder, 'nghttpx.conf')
    const lines = [
      `frontend=127.0.0.1,${port}${front}`,
      `backend=127.0.0.1,${app};;proto=h2${back}`,
      ...more,
      'workers=1',
      'single-process=yes',
      'accesslog-file=/dev/null',
      'errorlog-file=/dev/null',
    ]
    writeFileSync(config, lines.map((line) => `${line}\n`).join(''))
    return { command: program('usr/sbin/nghttpx'), args: [`--conf=${config}`], env }
  })
}

/** With a header rule, as the agent has one. */
export function startHaproxyWithRule({ front, app, back }: Sides): Promise<Started> {
  return startHaproxy(
    (port) => `defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend front
  bind 127.0.0.1:${port} ${front}
  use_backend laptop if { req.hdr(x-user) -m str jane }
  default_backend app
backend app
  server one 127.0.0.1:${app} ${back}
backend laptop
  server one 127.0.0.1:${app} ${back}
`,
  )
}
