import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { closeSlab, debug, giveBack, lend, SLAB_BYTES, settle, takeSlab } from './slab.ts'
import { createSlabServer } from './slab-server.ts'
import { connectSlabs, lendReads, unsentBytes, writeDirectly } from './slab-socket.ts'

debug.poison = true

describe('a slab', () => {
  it('is used again once every byte that was lent of it has come back, in whatever pieces', () => {
    const slab = takeSlab()
    const lent = lend(slab, 50_000)
    giveBack(lent.subarray(0, 10_000))
    giveBack(lent.subarray(30_000))
    giveBack(lent.subarray(10_000, 30_000))
    const more = lend(slab.subarray(50_000), 100)
    assert.notEqual(takeSlab().buffer, slab.buffer)
    closeSlab(slab)
    assert.notEqual(takeSlab().buffer, slab.buffer)
    giveBack(more)
    assert.equal(takeSlab().buffer, slab.buffer)
  })

  it('is not kept by a small piece that settles', () => {
    const slab = takeSlab()
    slab.fill(7)
    const lent = lend(slab, 100_000)
    closeSlab(slab)
    const small = settle(lent.subarray(0, 100))
    const large = settle(lent.subarray(100))
    assert.deepEqual(small, Buffer.alloc(100, 7))
    assert.equal(large.buffer, slab.buffer)
    giveBack(large)
    assert.equal(takeSlab().buffer, slab.buffer)
  })

  it('bytes of any other memory may be given back too', () => {
    giveBack(Buffer.from('some text'))
    giveBack(new Uint8Array(10))
  })
})

/** A server that takes one connection, and a client on it. */
async function pair(): Promise<{ near: Socket; far: Socket; close(): Promise<void> }> {
  const arrived = Promise.withResolvers<Socket>()
  const server = createSlabServer({ allowHalfOpen: true }, arrived.resolve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const near = connectSlabs({ port, host: '127.0.0.1', allowHalfOpen: true })
  const far = await arrived.promise
  return {
    near,
    far,
    async close() {
      near.destroy()
      far.destroy()
      server.close()
      // It counts them: without that it would wait for ever.
      await once(server, 'close')
    },
  }
}

describe('sockets that lend what they read', () => {
  for (const gives of [true, false]) {
    it(`read every byte right, both ways, where bytes are ${gives ? 'given back' : 'kept'}`, async () => {
      const { near, far, close } = await pair()
      const all = Buffer.alloc(8_000_000)
      for (let at = 0; at < all.length; at += 4) all.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at)
      const kept: Buffer[] = []
      let arrived = 0
      lendReads(far)
      lendReads(near)
      far.on('data', (bytes: Buffer) => {
        // Echoed as it is: given back when it was written.
        far.write(bytes, () => gives && giveBack(bytes))
      })
      far.on('end', () => far.end()).resume()
      near.on('data', (bytes: Buffer) => {
        const wanted = all.subarray(arrived, arrived + bytes.length)
        assert.ok(wanted.equals(bytes), `wrong after ${arrived}`)
        arrived += bytes.length
        if (gives) giveBack(bytes)
        else kept.push(bytes)
      })
      near.end(all)
      await once(near, 'end')
      assert.equal(arrived, all.length)
      if (!gives) assert.ok(Buffer.concat(kept).equals(all))
      await close()
    })
  }

  it('stop reading while they are paused, and are told of an end and of a reset', async () => {
    const { near, far, close } = await pair()
    lendReads(far)
    far.pause()
    let before = 0
    near.on('error', () => {})
    near.write(Buffer.alloc(4 * SLAB_BYTES), () => {
      before = far.bytesRead
    })
    far.once('data', () => far.pause())
    far.resume()
    await once(near, 'drain')
    assert.ok(far.bytesRead <= before + SLAB_BYTES)
    near.resetAndDestroy()
    far.resume()
    const [error] = (await once(far, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ECONNRESET')
    await close()
  })

  it('write past their queue only what nothing waits before, and end and drain as usual', async () => {
    const { near, far, close } = await pair()
    if (near.connecting) await once(near, 'connect')
    const sent: Buffer[] = []
    const write = (bytes: Buffer, directly: boolean): boolean => {
      sent.push(bytes)
      return directly ? writeDirectly(near, bytes) : near.write(bytes)
    }
    assert.ok(write(Buffer.from('small'), true))
    assert.equal(unsentBytes(near), 0)
    // More than the kernel takes while nobody reads.
    let piece = 0
    while (write(Buffer.alloc(SLAB_BYTES, ++piece), true));
    assert.ok(unsentBytes(near) > 0)
    for (const directly of [true, false, true]) write(Buffer.alloc(1000, ++piece), directly)
    const drained = once(near, 'drain')
    const got: Buffer[] = []
    far.on('data', (bytes: Buffer) => got.push(Buffer.from(bytes))).resume()
    await drained
    write(Buffer.from('last'), true)
    near.end()
    await once(far, 'end')
    assert.ok(Buffer.concat(got).equals(Buffer.concat(sent)))
    far.end()
    await close()
  })

  it('that drain tell it once, and never within a write of who hears it', async () => {
    const { near, far, close } = await pair()
    let depth = 0
    let drains = 0
    near.on('drain', () => {
      drains++
      assert.equal(depth, 0, 'told within a write')
      depth++
      // Taken at once: nothing is late any more.
      writeDirectly(near, Buffer.from('small'))
      depth--
      if (drains === 1) while (writeDirectly(near, Buffer.alloc(SLAB_BYTES)));
    })
    while (writeDirectly(near, Buffer.alloc(SLAB_BYTES)));
    far.resume()
    while (drains < 2) await once(near, 'drain')
    near.end()
    await once(far, 'end')
    far.end()
    await close()
  })

  it('that write directly to whom has gone are closed with an error, and take no more', async () => {
    const { near, far, close } = await pair()
    far.resetAndDestroy()
    const failed = once(near, 'error')
    near.resume()
    await failed
    // No second error.
    writeDirectly(near, Buffer.from('late'))
    assert.equal(near.destroyed, true)
    await close()
  })

  it('are as others to a client that is none of ours', async () => {
    const server = createSlabServer({}, (socket) => socket.on('data', (bytes) => socket.end(bytes)))
    server.on('connection', (socket: Socket) => socket.resume())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.write('hello')
    const [answer] = (await once(client, 'data')) as [Buffer]
    assert.equal(String(answer), 'hello')
    client.end()
    server.close()
    await once(server, 'close')
  })
})
