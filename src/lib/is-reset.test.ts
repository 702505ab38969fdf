import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { isReset } from './is-reset.ts'
import { createSlabServer } from './slab-server.ts'

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

test('the end of both sides is no reset, while bytes are still to be read', async () => {
  const [client, accepted] = await pair()
  client.end(Buffer.alloc(50_000))
  accepted.end()
  // Its kernel has no peer any more.
  while (peerOf(accepted)) await turn()
  assert.equal(isReset(accepted), false)
  assert.equal(Buffer.concat(await accepted.toArray()).length, 50_000)
})

test("a reset is seen behind this end's own end, and not behind that of the far end, which had said all", async () => {
  const [client, accepted] = await pair()
  accepted.end()
  client.write(Buffer.alloc(50_000))
  await once(accepted, 'finish')
  client.resetAndDestroy()
  while (peerOf(accepted)) await turn()
  assert.equal(isReset(accepted), true)
  accepted.destroy()

  const [other, kept] = await pair()
  other.end(Buffer.alloc(50_000))
  await once(other, 'finish')
  other.resetAndDestroy()
  while (peerOf(kept)) await turn()
  assert.equal(isReset(kept), false)
  assert.equal(Buffer.concat(await kept.toArray()).length, 50_000)
})

function peerOf(socket: Socket): boolean {
  const { _handle: handle } = socket as Socket & { _handle: { getpeername(out: object): number } }
  return handle.getpeername({}) === 0
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
