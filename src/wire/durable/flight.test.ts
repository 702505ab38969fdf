import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Flight } from './flight.ts'

/** A path of so many bytes a ms and so many ms there and back, its queue endless; a sender that always has more. */
class Path {
  now = 0
  bytesPerMs: number
  roundTripMs: number
  sent = 0
  arrived = 0
  /** When the queue has run empty. */
  #free = 0
  /** Each so manieth piece is lost and sent again: it and all behind it come a round trip later. */
  lostOf = Number.POSITIVE_INFINITY
  #pieces = 0
  /** Nothing arrives before what was sent earlier. */
  #inOrder = 0
  readonly flight = new Flight(0, 0)
  readonly #way: { at: number; bytes: number; nonce?: number }[] = []
  #nonce = 0

  constructor(bytesPerMs: number, roundTripMs: number) {
    this.bytesPerMs = bytesPerMs
    this.roundTripMs = roundTripMs
    // A link begins with a ping.
    this.#ask()
  }

  pass(ms: number, sends = true): void {
    for (const end = this.now + ms; this.now < end; this.now += 0.25) {
      while (this.#way[0] !== undefined && this.#way[0].at <= this.now) {
        const { bytes, nonce } = this.#way.shift() ?? { bytes: 0 }
        this.arrived += bytes
        if (nonce !== undefined) this.flight.answered(nonce, this.arrived, this.now)
      }
      while (sends && this.sent - this.arrived < this.flight.limit) this.#send(Math.min(16_384, this.flight.limit))
    }
  }

  #send(bytes: number): void {
    this.#free = Math.max(this.#free, this.now) + bytes / this.bytesPerMs
    this.sent += bytes
    const isLost = ++this.#pieces % this.lostOf === 0
    this.#inOrder = Math.max(this.#inOrder, this.#free + this.roundTripMs * (isLost ? 2 : 1))
    this.#way.push({ at: this.#inOrder, bytes })
    if (this.flight.isDue(this.sent)) this.#ask()
  }

  #ask(): void {
    this.#nonce++
    this.flight.asked(this.#nonce, { sent: this.sent, arrived: this.arrived, now: this.now })
    const at = Math.max(this.#free, this.now) + this.roundTripMs
    this.#way.push({ at: Math.max(at, this.#inOrder), bytes: 0, nonce: this.#nonce })
  }
}

describe('what may be under way', () => {
  it('becomes twice what the path holds, and fills it meanwhile', () => {
    for (const [megabits, roundTripMs] of [
      [200, 50],
      [1000, 20],
      [50, 150],
    ] as const) {
      const path = new Path((megabits * 1000) / 8, roundTripMs)
      path.pass(2000)
      const holds = path.bytesPerMs * roundTripMs
      assert.ok(Number.isInteger(path.flight.limit) && Number.isInteger(path.flight.queue))
      assert.ok(path.flight.limit > 1.4 * holds && path.flight.limit < 3.5 * holds, `${path.flight.limit} of ${holds}`)
      assert.ok(path.arrived > 0.8 * path.bytesPerMs * (2000 - roundTripMs), `${path.arrived}`)
    }
  })

  it('is little on a slow path, so that nothing waits long in it', () => {
    const path = new Path(500, 10)
    path.pass(5000)
    assert.ok(path.flight.limit <= 80 * 1024, `${path.flight.limit}`)
  })

  it('stays what it was while little is sent', () => {
    const path = new Path(25_000, 50)
    path.pass(2000)
    // What is under way is answered still.
    path.pass(500, false)
    const before = path.flight.limit
    path.pass(60_000, false)
    assert.equal(path.flight.limit, before)
  })

  it('follows a path that has become slower, faster, or longer', () => {
    const path = new Path(25_000, 50)
    path.pass(2000)
    path.bytesPerMs = 2500
    path.pass(10_000)
    assert.ok(path.flight.limit < 500_000, `${path.flight.limit} after it became slower`)
    path.bytesPerMs = 25_000
    path.pass(3000)
    assert.ok(path.flight.limit > 1_700_000, `${path.flight.limit} after it became faster`)
    path.roundTripMs = 200
    path.pass(45_000)
    const from = path.arrived
    path.pass(1000)
    assert.ok(path.arrived - from > 20_000_000, `${path.arrived - from} bytes a second after it became longer`)
  })

  it('goes on well when a path was short for a moment only', () => {
    const path = new Path(25_000, 5)
    path.pass(3000)
    path.roundTripMs = 50
    path.pass(6000)
    const from = path.arrived
    path.pass(1000)
    assert.ok(path.arrived - from > 20_000_000, `${path.arrived - from} bytes in a second`)
  })

  it('fills a path on which much is lost: what waits for it to be sent again is under way too', () => {
    for (const lostOf of [4, 9, 30]) {
      const path = new Path(25_000, 50)
      path.lostOf = lostOf
      path.pass(10_000)
      const from = path.arrived
      path.pass(2000)
      const rate = (path.arrived - from) / 2000
      assert.ok(rate > 0.9 * path.bytesPerMs, `${rate} bytes a ms where one of ${lostOf} is lost`)
    }
  })

  it('does not grow for as long as it sends: its own queue is not the path', () => {
    const path = new Path(25_000, 50)
    path.pass(200_000)
    assert.ok(path.flight.limit < 4_500_000, `${path.flight.limit}`)
  })
})
