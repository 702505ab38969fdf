import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { isReset } from './is-reset.ts'
import { createSlabServer } from './slab-socket.ts'

const server = createSlabServer({ allowHalfOpen: true }, () => {})
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(() => server.close())

async function pair(): Promise<[client: Socket, accepted: Socket]> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
  const [accepted] = (await once(server, 'connection')) as [Socket]
  return [client, accepted.on('error', () => {})]
}

test('a reset is seen of a paused socket, also behind bytes that nobody has read', async () => {
  for (const bytes of [0, 5_000_000]) {
    const [client, accepted] = await pair()
    client.write(Buffer.alloc(bytes))
    assert.equal(isReset(accepted), false)
    client.resetAndDestroy()
    while (!isReset(accepted)) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(accepted.destroyed, false)
    accepted.destroy()
    assert.equal(isReset(accepted), false)
  }
})

test('an end is no reset', async () => {
  const [client, accepted] = await pair()
  client.end()
  accepted.resume()
  await once(accepted, 'end')
  assert.equal(isReset(accepted), false)
  accepted.destroy()
})
