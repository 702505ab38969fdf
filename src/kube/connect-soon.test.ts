import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { FakeClock } from '../lib/fake-clock.ts'
import { connectSoon } from './connect-soon.ts'

/** Says its port, then each connection that it gets. */
const SERVER = `
const server = require('node:net').createServer((socket) => { socket.on('error', () => {}); console.log('connection') })
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))
`
const children: ChildProcess[] = []
const sockets: Socket[] = []

after(() => {
  for (const socket of sockets) socket.destroy()
  for (const child of children) child.kill('SIGKILL')
})

/** A server that the kernel answers for no more: it is stopped, and its queue is full. */
async function blackHole(): Promise<{ port: number; child: ChildProcess }> {
  const child = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [said] = await once(child.stdout as NodeJS.ReadableStream, 'data')
  const port = Number(String(said))
  child.kill('SIGSTOP')
  const first = connect({ host: '127.0.0.1', port })
  const others = Array.from({ length: 7 }, () => connect({ host: '127.0.0.1', port }).on('error', () => {}))
  sockets.push(first, ...others)
  await once(first, 'connect')
  return { port, child }
}

test('connects at once where somebody listens, with one connection', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const socket = await connectSoon({ host: '127.0.0.1', port })
  const count = await new Promise((resolve) => server.getConnections((_error, found) => resolve(found)))
  assert.equal(count, 1)
  socket.destroy()
  server.close()
})

test('what the kernel refuses is told', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  await assert.rejects(connectSoon({ host: '127.0.0.1', port }), { code: 'ECONNREFUSED' })
})

test('a far end that comes back is reached', async () => {
  const { port, child } = await blackHole()
  const connecting = connectSoon({ host: '127.0.0.1', port })
  child.kill('SIGCONT')
  const socket = await connecting
  assert.equal(socket.remotePort, port)
  socket.destroy()
})

test('silence ends after 10 s', async () => {
  const { port } = await blackHole()
  const clock = new FakeClock()
  const connecting = connectSoon({ host: '127.0.0.1', port, clock })
  clock.advance(10_000)
  await assert.rejects(connecting, { code: 'ETIMEDOUT' })
})
