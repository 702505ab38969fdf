import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FlowHandlers } from '../../wire/mux/contract.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { InTurns, Turns } from './turns.ts'

/** Time that work takes, and turns that are given by hand. */
class Loop {
  at = 0
  #later: (() => void)[] = []
  readonly turns: Turns = new Turns({ now: () => this.at, later: (call) => void this.#later.push(call) })

  turn(): void {
    const all = this.#later
    this.#later = []
    for (const call of all) call()
  }
}

/** A stream that has octets whenever it is read; each piece takes a millisecond. */
class Busy implements Stream {
  isRead = false
  pieces = 0
  readonly user: InTurns
  readonly #loop: Loop
  #handlers: FlowHandlers | undefined

  constructor(loop: Loop) {
    this.#loop = loop
    this.user = new InTurns(this, loop.turns)
    this.user.bind({
      onData: () => {
        this.pieces++
        this.#loop.at++
      },
      onEnd: () => {},
      onDrain: () => {},
      onClose: () => {},
    })
    this.user.resume()
  }

  bind(handlers: FlowHandlers): void {
    this.#handlers = handlers
  }

  /** As the kernel has it: as much as is taken. */
  poll(): void {
    for (let piece = 0; piece < 32 && this.isRead; piece++) this.#handlers?.onData(Buffer.alloc(1))
  }

  send(): boolean {
    return true
  }

  pause(): void {
    this.isRead = false
  }

  resume(): void {
    this.isRead = true
  }

  end(): void {}
  reset(): void {}
}

describe('turns', () => {
  it('one that has much to say waits after 4 ms; of several one goes on at a time', () => {
    const loop = new Loop()
    const all = [new Busy(loop), new Busy(loop), new Busy(loop)]
    for (const one of all) one.poll()
    assert.deepEqual(
      all.map(({ pieces }) => pieces),
      [4, 4, 4],
    )
    for (let turn = 0; turn < 3; turn++) {
      const before = loop.at
      loop.turn()
      for (const one of all) one.poll()
      assert.equal(loop.at - before, 4)
    }
    assert.deepEqual(
      all.map(({ pieces }) => pieces),
      [8, 8, 8],
    )
  })

  it('who has paused it is not read because its turn has come', () => {
    const loop = new Loop()
    const one = new Busy(loop)
    one.poll()
    one.user.pause()
    loop.turn()
    assert.equal(one.isRead, false)
    one.user.resume()
    assert.equal(one.isRead, true)
  })

  it('who resumes it meanwhile waits for its turn', () => {
    const loop = new Loop()
    const one = new Busy(loop)
    one.poll()
    one.user.pause()
    one.user.resume()
    assert.equal(one.isRead, false)
    loop.turn()
    assert.equal(one.isRead, true)
  })
})
