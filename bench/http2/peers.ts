/** The ways to an app of HTTP/2: directly, through the agent, and through two well-known proxies, one worker each. */
import { builtGo } from '../../test/peers/servers/built.ts'
import { type Started, started } from '../../test/peers/started.ts'
import { startAgent } from '../http1/peers.ts'
import { startHaproxyWithRule, startNghttpx } from './proxies.ts'

export type Way = 'direct' | 'agent' | 'nghttpx' | 'haproxy'

export function startGrpc(): Promise<Started> {
  const command = builtGo('grpcserver')
  return started((port) => ({ command, args: [String(port), 'app'] }))
}

export async function startWay(way: Way, app: Started): Promise<Started> {
  if (way === 'agent') return startAgent(app.port, 1)
  if (way === 'haproxy') return startHaproxyWithRule({ front: 'proto h2', app: app.port, back: 'proto h2' })
  if (way === 'nghttpx') return startNghttpx({ front: ';no-tls', app: app.port, back: '' })
  return { port: app.port, pid: app.pid, close: async () => {} }
}
