import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_WINDOW_BYTES, ReceiveWindow, START_WINDOW_BYTES, type Unread, type WindowBudget } from './window.ts'

const RTT_MS = 50

function make(unread: Unread = { bytes: 0 }): { window: ReceiveWindow; budget: WindowBudget } {
  const budget = { grownBytes: 0, waitingBytes: 0, rttMs: RTT_MS }
  return { window: new ReceiveWindow(budget, 0, unread), budget }
}

/** The far end uses up what it may, every `everyMs`. @returns what it may send at last */
function useUp(window: ReceiveWindow, times: number, everyMs: number, credit = START_WINDOW_BYTES): number {
  let may = credit
  for (let turn = 1; turn <= times; turn++) {
    assert.ok(window.receive(may))
    may = window.consume(may, turn * everyMs)
  }
  return may
}

describe('a receive window', () => {
  it('grows while it is used up faster than two round trips, up to its bound', () => {
    assert.equal(useUp(make().window, 10, RTT_MS), MAX_WINDOW_BYTES)
  })

  it('stays as it is while the sender is what is slow', () => {
    assert.equal(useUp(make().window, 10, 3 * RTT_MS), START_WINDOW_BYTES)
  })

  it('shares a bound with the others of its mux, and gives back what it had when it ends', () => {
    const { window, budget } = make()
    const others = Array.from({ length: 10 }, () => new ReceiveWindow(budget, 0, { bytes: 0 }))
    for (const one of [window, ...others]) useUp(one, 10, RTT_MS)
    assert.ok(budget.grownBytes <= 64 * 1024 * 1024)
    for (const one of [window, ...others]) one.release()
    assert.equal(budget.grownBytes, 0)
  })

  it('shrinks back to its start while too much waits unread in the process, and grows again afterwards', () => {
    const unread = { bytes: 0 }
    const { window, budget } = make(unread)
    const grown = useUp(window, 10, RTT_MS)
    const { window: stuck } = make(unread)
    const prompt = make(unread).window
    window.waits(1)
    stuck.waits(40 * 1024 * 1024)
    const small = useUp(window, 20, RTT_MS, grown)
    assert.equal(small, START_WINDOW_BYTES)
    assert.equal(useUp(prompt, 10, RTT_MS), MAX_WINDOW_BYTES, 'who reads at once is not to blame')
    window.waits(-1)
    assert.equal(budget.grownBytes, 0)
    stuck.release()
    assert.equal(unread.bytes, 0)
    assert.equal(useUp(window, 10, RTT_MS, small), MAX_WINDOW_BYTES)
  })
})
