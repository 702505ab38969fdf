/** haproxy from its Debian package, as one end of a tunnel: one thread, TCP, no limits of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { packagesRoot } from '../../scripts/image/packages.ts'

export async function startHaproxy(to: number): Promise<{ child: ChildProcess; port: number }> {
  const root = packagesRoot(['haproxy'], 'dist/cache')
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'remocal-bench-'))
  const config = join(folder, 'haproxy.cfg')
  writeFileSync(
    config,
    `global
  nbthread 1
  maxconn 8000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen tunnel
  bind 127.0.0.1:${port}
  server far 127.0.0.1:${to}
`,
  )
  const lib = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'].map((path) => join(root, path)).join(':')
  const env = { ...process.env, LD_LIBRARY_PATH: lib }
  const child = spawn(join(root, 'usr/sbin/haproxy'), ['-f', config, '-db'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  child.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await reachable(port)
  return { child, port }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function reachable(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (open) return
    await delay(20)
  }
  throw new Error('haproxy did not start')
}
