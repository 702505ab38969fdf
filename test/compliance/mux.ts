/** What a mux does over every kind of link. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Flow } from '../../src/wire/mux/contract.ts'
import { createMux, type LinkMux } from '../../src/wire/mux/mux.ts'
import { collect } from './collect.ts'
import type { MakePair } from './pairs.ts'

interface Ends {
  left: LinkMux
  right: LinkMux
  /** The next flow that the left end opened, as the right end sees it. */
  accepted(): Promise<{ flow: Flow; header: string }>
  closed: Promise<unknown>
}

async function join(makePair: MakePair): Promise<Ends> {
  const [a, b] = await makePair()
  const arrived: { flow: Flow; header: string }[] = []
  let arrive: (() => void) | undefined
  const closed = Promise.withResolvers<unknown>()
  const left = createMux(a, { side: 'client', handlers: { onFlow() {}, onClose() {} } })
  const right = createMux(b, {
    side: 'server',
    handlers: {
      onFlow(flow, header) {
        arrived.push({ flow, header: header.toString() })
        arrive?.()
      },
      onClose: (reason) => closed.resolve(reason),
    },
  })
  const accepted = async (): Promise<{ flow: Flow; header: string }> => {
    for (;;) {
      const next = arrived.shift()
      if (next !== undefined) return next
      await new Promise<void>((resolve) => {
        arrive = resolve
      })
    }
  }
  return { left, right, accepted, closed: closed.promise }
}

/** Declares the suite for one kind. */
export function muxCompliance(name: string, makePair: MakePair): void {
  describe(`mux over ${name}`, { timeout: 60_000 }, () => {
    it('opens with header and data, answers, half-closes both ways', async () => {
      const ends = await join(makePair)
      const atLeft = collect()
      const near = ends.left.open(Buffer.from('head'), Buffer.from('first'))
      near.bind(atLeft)
      near.send(Buffer.from(' second'))
      near.end()
      const { flow, header } = await ends.accepted()
      const atRight = collect()
      flow.bind(atRight)
      assert.equal(header, 'head')
      await atRight.ended
      assert.equal(atRight.bytes().toString(), 'first second')
      flow.send(Buffer.from('answer'))
      flow.end()
      await atLeft.ended
      assert.equal(atLeft.bytes().toString(), 'answer')
      assert.equal(await atLeft.closed, undefined)
      assert.equal(await atRight.closed, undefined)
      assert.equal(ends.left.size + ends.right.size, 0)
      ends.left.close()
      await ends.closed
    })

    it('a reset crosses with its code, at once and past queued data', async () => {
      const ends = await join(makePair)
      const near = ends.left.open(Buffer.from('x'))
      const atLeft = collect()
      near.bind(atLeft)
      const { flow } = await ends.accepted()
      flow.bind(collect())
      near.send(Buffer.alloc(4_000_000))
      flow.reset('limit', 'too much')
      assert.deepEqual(await atLeft.closed, { code: 'limit', message: 'too much' })
      assert.equal(ends.right.size, 0)
      ends.left.close()
    })

    it('a reader that does not read holds its own flow back and no other', async () => {
      const ends = await join(makePair)
      const stuck = ends.left.open(Buffer.from('stuck'))
      const atStuck = collect()
      stuck.bind(atStuck)
      const { flow: stuckFar } = await ends.accepted()
      stuckFar.pause()
      const atFar = collect()
      stuckFar.bind(atFar)
      // More than window and queue hold: it is taken, and the flow says "full" until the far end reads.
      const much = randomBytes(4_000_000)
      assert.equal(stuck.send(much), false)
      let drained = false
      const draining = atStuck.drained().then(() => {
        drained = true
      })
      const bytes = randomBytes(2_000_000)
      const free = ends.left.open(Buffer.from('free'), bytes)
      free.end()
      const { flow: freeFar } = await ends.accepted()
      const atFree = collect()
      freeFar.bind(atFree)
      await atFree.ended
      assert.ok(atFree.bytes().equals(bytes))
      assert.equal(atFar.bytes().length, 0)
      assert.equal(drained, false)
      stuckFar.resume()
      await draining
      assert.ok((await atFar.received(much.length)).equals(much))
      ends.left.close()
    })

    it('carries 500 flows at once, each its own bytes', async () => {
      const ends = await join(makePair)
      const sums: Promise<void>[] = []
      for (let i = 0; i < 500; i++) {
        const near = ends.left.open(Buffer.from(String(i)), Buffer.from(`hello ${i}`))
        const atLeft = collect()
        near.bind(atLeft)
        near.end()
        sums.push(atLeft.ended.then(() => assert.equal(atLeft.bytes().toString(), `hello ${i} from ${i}`)))
      }
      for (let i = 0; i < 500; i++) {
        const { flow, header } = await ends.accepted()
        flow.bind({
          onData: (bytes) => void flow.send(bytes),
          onEnd() {
            flow.send(Buffer.from(` from ${header}`))
            flow.end()
          },
          onDrain() {},
          onClose() {},
        })
      }
      await Promise.all(sums)
      ends.left.close()
      await ends.closed
    })

    it('closing tells every flow, and the far end why', async () => {
      const ends = await join(makePair)
      const atLeft = collect()
      ends.left.open(Buffer.from('a')).bind(atLeft)
      const { flow } = await ends.accepted()
      const atRight = collect()
      flow.bind(atRight)
      ends.left.close(new Error('going away'))
      assert.deepEqual(await atLeft.closed, { code: 'lost', message: 'going away' })
      assert.deepEqual(await atRight.closed, { code: 'lost', message: 'going away' })
      const reason = await ends.closed
      assert.ok(reason instanceof Error && reason.message === 'going away')
      await assert.rejects(ends.left.ping())
    })

    it('measures the round trip', async () => {
      const ends = await join(makePair)
      assert.ok((await ends.left.ping()) >= 0)
      ends.left.close()
    })
  })
}
