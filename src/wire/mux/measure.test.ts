import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryPair } from '../link/memory.ts'
import { createMux } from './mux.ts'

test('a mux measures the round trip by itself while data comes', async () => {
  const [near, far] = memoryPair()
  const arrived = Promise.withResolvers<void>()
  const client = createMux(near, { side: 'client', handlers: { onFlow() {}, onClose() {} } })
  const server = createMux(far, {
    side: 'server',
    handlers: {
      onFlow: (flow) => flow.bind({ onData: () => arrived.resolve(), onEnd() {}, onDrain() {}, onClose() {} }),
      onClose() {},
    },
  })
  let measured = 0
  const { measured: keep } = server
  server.measured = (ms) => {
    measured++
    keep.call(server, ms)
  }
  client.open(Buffer.alloc(0)).send(Buffer.from('data'))
  await arrived.promise
  // Answered in order: when this one is, so is the mux's own.
  await server.ping()
  assert.equal(measured, 2)
  client.close()
})
