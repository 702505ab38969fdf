/** haproxy as one end of a tunnel: TCP, no limits of its own. */
import { startHaproxy } from '../../test/peers/servers/haproxy.ts'
import type { Started } from '../../test/peers/started.ts'

export function haproxyTunnel(to: number): Promise<Started> {
  return startHaproxy(
    (port) => `defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen tunnel
  bind 127.0.0.1:${port}
  server far 127.0.0.1:${to}
`,
  )
}
