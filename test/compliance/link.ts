/** What every kind of link does. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { collect } from './collect.ts'
import type { MakePair } from './pairs.ts'

/** Declares the suite for one kind. */
export function linkCompliance(name: string, makePair: MakePair): void {
  describe(`link: ${name}`, { timeout: 30_000 }, () => {
    it('carries bytes both ways, in order and whole', async () => {
      const [left, right] = await makePair()
      const [atLeft, atRight] = [collect(), collect()]
      const bytes = randomBytes(3_000_000)
      left.bind(atLeft)
      right.bind(atRight)
      for (let at = 0; at < bytes.length; at += 70_001) {
        const drained = atLeft.drained()
        if (!left.send(Buffer.from(bytes.subarray(at, at + 70_001)))) await drained
      }
      right.send(Buffer.from('back'))
      assert.ok((await atRight.received(bytes.length)).equals(bytes))
      assert.equal((await atLeft.received(4)).toString(), 'back')
      left.close()
      await Promise.all([atLeft.closed, atRight.closed])
    })

    it('keeps what came before it was bound', async () => {
      const [left, right] = await makePair()
      const [atLeft, atRight] = [collect(), collect()]
      left.bind(atLeft)
      left.send(Buffer.from('early'))
      await new Promise((resolve) => setImmediate(resolve))
      right.bind(atRight)
      assert.equal((await atRight.received(5)).toString(), 'early')
      left.close()
      await atRight.closed
    })

    it('holds the sender back while the far end is paused, and goes on', async () => {
      const [left, right] = await makePair()
      const [atLeft, atRight] = [collect(), collect()]
      left.bind(atLeft)
      right.bind(atRight)
      right.pause()
      const chunk = Buffer.alloc(64 * 1024, 1)
      let sent = 0
      while (left.send(Buffer.from(chunk))) {
        sent += chunk.length
        assert.ok(sent < 64 * 1024 * 1024, 'the sender was never held back')
        await new Promise((resolve) => setImmediate(resolve))
      }
      sent += chunk.length
      const drained = atLeft.drained()
      right.resume()
      await drained
      await atRight.received(sent)
      left.close()
      await atRight.closed
    })

    it('delivers what was sent before close, then tells both ends once', async () => {
      const [left, right] = await makePair()
      const [atLeft, atRight] = [collect(), collect()]
      left.bind(atLeft)
      right.bind(atRight)
      left.send(Buffer.alloc(100_000, 7))
      left.close()
      assert.equal(await atRight.closed, undefined)
      assert.equal(atRight.bytes().length, 100_000)
      assert.equal(await atLeft.closed, undefined)
    })

    it('reset tells this end its reason and ends the far end', async () => {
      const [left, right] = await makePair()
      const [atLeft, atRight] = [collect(), collect()]
      left.bind(atLeft)
      right.bind(atRight)
      left.reset(new Error('enough'))
      const reason = await atLeft.closed
      assert.ok(reason instanceof Error && reason.message === 'enough')
      assert.ok((await atRight.closed) instanceof Error)
    })

    it('send after the end does nothing', async () => {
      const [left, right] = await makePair()
      const atLeft = collect()
      left.bind(atLeft)
      right.bind(collect())
      right.close()
      await atLeft.closed
      assert.equal(left.send(Buffer.from('late')), true)
      left.close()
      left.reset(new Error('late'))
    })
  })
}
