import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { connectSlabs } from './slab-socket.ts'

interface Inner {
  _handle: { setNoDelay(enable: boolean): number; setKeepAlive(enable: boolean, seconds: number): number }
}

test('connectSlabs sets noDelay and keepAlive: a small piece behind another one waits for no acknowledgement', async () => {
  const server = createServer((socket) => socket.resume())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connectSlabs({ host: '127.0.0.1', port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 7000 })
  const { _handle: handle } = socket as Socket & Inner
  const told: unknown[] = []
  handle.setNoDelay = (enable) => told.push(['noDelay', enable]) * 0
  handle.setKeepAlive = (enable, seconds) => told.push(['keepAlive', enable, seconds]) * 0
  await once(socket, 'connect')
  assert.deepEqual(told, [
    ['noDelay', true],
    ['keepAlive', true, 7],
  ])
  socket.destroy()
  server.close()
  await once(server, 'close')
})
