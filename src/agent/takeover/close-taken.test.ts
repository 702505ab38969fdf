import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { test } from 'node:test'
import { closeTaken } from './close-taken.ts'

/** What 20 clients hear that are connected in the turn in which the server is closed. */
async function heard(close: (server: Server) => void): Promise<Set<string>> {
  const server = createServer((socket) => socket.end('taken'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const clients = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'))
  // The kernel connects before anybody is told.
  await new Promise<void>((resolve) => process.nextTick(resolve))
  close(server)
  const said = await Promise.all(
    clients.map(async (client) => Buffer.concat(await client.toArray().catch(() => [])).toString()),
  )
  assert.equal(server.listening, false)
  return new Set(said)
}

test('connections that the kernel has accepted are taken before the server closes', async () => {
  assert.deepEqual(await heard((server) => void closeTaken(server)), new Set(['taken']))
})

test('without that they are reset', async () => {
  assert.equal((await heard((server) => server.close())).has(''), true)
})
