/** Who asks: h2load from its Debian package, one thread, and calls of gRPC one after the other. */
import { unpacked } from '../../scripts/debian.ts'
import { run } from '../../test/e2e/remocal.ts'
import { builtGo } from '../../test/peers/servers/built.ts'
import type { Answered } from '../lib/compare.ts'

const SECONDS = 2
const CALLS = 3000

export interface Load {
  connections: number
  /** Of each connection at once. */
  streams: number
  path: string
  tls?: boolean
}

/** Rejects when a single request failed. */
export async function h2load(port: number, { connections, streams, path, tls }: Load): Promise<Answered> {
  const { program, env } = unpacked('nghttp2-client')
  const how = ['-c', String(connections), '-m', String(streams), '-t', '1', '-D', String(SECONDS)]
  // In TLS the way to the app is measured, where the agent begins TLS again; to a laptop its daemon does.
  const args =
    tls === true
      ? [...how, `https://127.0.0.1:${port}${path}`]
      : [...how, '-H', 'x-user: jane', `http://127.0.0.1:${port}${path}`]
  const { code, stdout, stderr } = await run(program('usr/bin/h2load'), args, { env })
  const [, done] = /^requests:.*, (\d+) succeeded, 0 failed, 0 errored, 0 timeout/m.exec(stdout) ?? []
  if (code !== 0 || done === undefined) throw new Error(`h2load ended with ${code}: ${stdout}${stderr}`)
  return { requests: Number(done), us: SECONDS * 1e6, p50: 0 }
}

/** Unary calls of 100 bytes on one connection. */
export async function calls(port: number): Promise<Answered> {
  const { code, stdout, stderr } = await run(builtGo('grpcclient'), ['latency', String(port), String(CALLS)])
  const [us, p50] = stdout.trim().split(' ').map(Number)
  if (code !== 0 || us === undefined || p50 === undefined) throw new Error(`the calls failed: ${stdout}${stderr}`)
  return { requests: CALLS, us, p50 }
}
