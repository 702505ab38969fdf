import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../lib/fake-clock.ts'
import { closeSlab, lend, takeSlab } from '../../lib/slab.ts'
import type { Link, LinkHandlers } from '../link/link.ts'
import { DurableLink } from './durable-link.ts'
import { RECORD, record, u64 } from './record.ts'
import { RecordLink } from './record-link.ts'

/** A far end that says what the test says, behind a link that holds what it is given until it is drained. */
class Hostile implements Link {
  readonly name = 'hostile'
  unwrittenBytes = 0
  isFull = false
  sends = 0
  #handlers: LinkHandlers | undefined

  bind(handlers: LinkHandlers): void {
    this.#handlers = handlers
  }

  send(...pieces: Uint8Array[]): boolean {
    this.sends++
    for (const { length } of pieces) this.unwrittenBytes += length
    return !this.isFull
  }

  says(...records: Buffer[]): void {
    this.#handlers?.onData(Buffer.concat(records))
  }

  drain(): void {
    this.unwrittenBytes = 0
    this.isFull = false
    this.#handlers?.onDrain()
  }

  pause(): void {}
  resume(): void {}
  close(): void {}
  reset(): void {}
}

function place(): { far: Hostile; link: DurableLink; clock: FakeClock } {
  const clock = new FakeClock()
  const far = new Hostile()
  const link = new DurableLink({ name: 'test', clock, graceMs: 0 })
  link.bind({ onData() {}, onDrain() {}, onClose() {} })
  link.attach(new RecordLink(far), 0)
  return { far, link, clock }
}

describe('a hostile far end', () => {
  it('that asks and never reads gets one answer, to its last question, when it reads', () => {
    const { far } = place()
    far.isFull = true
    const ask = (nonce: number): Buffer => record(RECORD.PING, Buffer.from([0, 0, nonce >> 8, nonce & 255]), u64(0))
    far.says(ask(1))
    const before = far.sends
    for (let nonce = 2; nonce <= 10_000; nonce++) far.says(ask(nonce))
    assert.equal(far.sends, before)
    far.drain()
    assert.equal(far.sends, before + 1)
  })

  it('that acknowledges what has not left gets no memory used again under its hands', () => {
    const { far, link } = place()
    const slab = takeSlab()
    const bytes = lend(slab, 100_000)
    closeSlab(slab)
    link.send(bytes)
    far.says(record(RECORD.ACK, u64(100_000)))
    assert.equal(link.keptBytes, 0)
    assert.notEqual(takeSlab().buffer, slab.buffer)
    far.drain()
    far.says(record(RECORD.ACK, u64(100_000)))
    assert.equal(takeSlab().buffer, slab.buffer)
  })

  it('that takes nothing does not keep a link that was closed', () => {
    const { far, link, clock } = place()
    far.isFull = true
    link.send(Buffer.alloc(100_000))
    link.send(Buffer.alloc(100_000))
    link.close()
    assert.equal(link.isOver, false)
    for (let second = 0; second < 31; second++) {
      clock.advance(1000)
      far.says(record(RECORD.PONG, Buffer.from([0, 0, 0, second]), u64(0)))
    }
    assert.equal(link.isOver, true)
    assert.equal(link.keptBytes, 0)
  })
})
