import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Budget } from '../../lib/budget.ts'
import { COPIES_UNDER_WAY, MAX_COPY_BYTES } from '../../wire/messages/copies.ts'
import type { Copy } from '../routing.ts'
import { type Tapped, tapped } from './fixtures.ts'
import { WIRETAP_BYTES } from './wiretap.ts'

const REQUEST = Buffer.from('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')

/** A copy that has to begin. */
function begun({ wiretap }: Tapped): Copy {
  const copy = wiretap.begin(8080)
  assert.ok(copy)
  return copy
}

function dropped({ wiretap }: Tapped): object {
  return wiretap.news()?.dropped ?? {}
}

const NONE = { slow: 0, rate: 0, large: 0, broken: 0 }

describe('a wiretap', () => {
  it('sends a request whole and as it was, though its bytes were used again at once', async () => {
    const all = await tapped()
    const copy = begun(all)
    for (const byte of REQUEST) {
      const piece = Buffer.of(byte)
      copy.request(piece)
      piece.fill(0)
    }
    await turn()
    assert.equal(all.records.length, 0)
    copy.requestEnd()
    const [record] = await all.arrived(1)
    assert.deepEqual(record, {
      kind: 'request',
      id: 1,
      port: 8080,
      wantsAnswer: false,
      isSecure: false,
      bytes: REQUEST,
    })
    assert.equal(all.agent.usedBytes, 0)
    assert.deepEqual(all.wiretap.news(), { kind: 'copies', intercept: 'w', copied: 1, dropped: NONE })
    assert.equal(all.wiretap.news(), undefined)
  })

  it('sends an answer after its request, also when it was whole before', async () => {
    const all = await tapped()
    all.wiretap.set({ percent: 100, diff: true })
    const copy = begun(all)
    assert.equal(copy.wantsAnswer, true)
    copy.request(REQUEST.subarray(0, 10))
    copy.answer(ANSWER)
    copy.answerEnd()
    copy.request(REQUEST.subarray(10))
    copy.requestEnd()
    const records = await all.arrived(2)
    assert.deepEqual(records[0], {
      kind: 'request',
      id: 1,
      port: 8080,
      wantsAnswer: true,
      isSecure: false,
      bytes: REQUEST,
    })
    assert.deepEqual(records[1], { kind: 'answer', id: 1, bytes: ANSWER })
    assert.equal(all.agent.usedBytes, 0)
  })

  it('says why there is no answer: broken off, or too large', async () => {
    const all = await tapped()
    all.wiretap.set({ percent: 100, diff: true })
    for (const spoil of [(copy: Copy) => copy.abort(), (copy: Copy) => copy.answer(Buffer.alloc(MAX_COPY_BYTES + 1))]) {
      const copy = begun(all)
      copy.request(REQUEST)
      copy.requestEnd()
      copy.answer(ANSWER)
      spoil(copy)
      copy.answerEnd()
    }
    const records = await all.arrived(4)
    assert.deepEqual(
      records.flatMap((record) => (record.kind === 'noAnswer' ? [[record.id, record.why]] : [])),
      [
        [1, 'broken'],
        [2, 'large'],
      ],
    )
    assert.equal(all.agent.usedBytes, 0)
  })

  it('drops what is too large or breaks off, whole, and counts it', async () => {
    const all = await tapped()
    const large = begun(all)
    large.request(Buffer.alloc(MAX_COPY_BYTES))
    large.request(Buffer.alloc(1))
    large.requestEnd()
    const broken = begun(all)
    broken.request(REQUEST)
    broken.abort()
    broken.requestEnd()
    const whole = begun(all)
    whole.request(Buffer.alloc(MAX_COPY_BYTES))
    whole.requestEnd()
    await all.arrived(1)
    assert.equal(all.records.length, 1)
    assert.deepEqual(dropped(all), { ...NONE, large: 1, broken: 1 })
  })

  it('copies a share', async () => {
    const values = [0.1, 0.29, 0.3, 0.9]
    const all = await tapped(() => values.shift() ?? 1)
    all.wiretap.set({ percent: 30, diff: false })
    const copies = [1, 2, 3, 4, 5].map(() => all.wiretap.begin(80) !== undefined)
    assert.deepEqual(copies, [true, true, false, false, false])
    assert.deepEqual(dropped(all), NONE)
  })

  it('copies so many a second at most, and counts the others', async () => {
    const all = await tapped()
    all.wiretap.set({ percent: 100, diff: false, maxRps: 5 })
    const burst = (): number => Array.from({ length: 20 }, () => all.wiretap.begin(80)).filter(Boolean).length
    assert.equal(burst(), 5)
    all.clock.advance(400)
    // The same limit again, as a config that says something else brings it, fills no bucket.
    all.wiretap.set({ percent: 100, diff: false, maxRps: 5 })
    assert.equal(burst(), 2)
    assert.deepEqual(dropped(all), { ...NONE, rate: 33 })
  })

  it('begins no copy while the laptop is not done with 64, and goes on when it is', async () => {
    const all = await tapped()
    for (let n = 0; n < COPIES_UNDER_WAY; n++) {
      const copy = begun(all)
      copy.request(REQUEST)
      copy.requestEnd()
    }
    for (let n = 0; n < 1000; n++) assert.equal(all.wiretap.begin(80), undefined)
    assert.deepEqual(dropped(all), { ...NONE, slow: 1000 })
    await all.arrived(COPIES_UNDER_WAY)
    all.done(1)
    while (!all.line.hasRoom) await turn()
    begun(all)
    assert.equal(all.wiretap.begin(80), undefined)
  })

  it('holds no more than its bound of a laptop that reads nothing, and gives all of it back', async () => {
    const all = await tapped()
    all.far.pause()
    let most = 0
    for (let n = 0; n < 40; n++) {
      const copy = all.wiretap.begin(80)
      copy?.request(Buffer.alloc(900_000))
      copy?.requestEnd()
      await turn()
      most = Math.max(most, all.agent.usedBytes)
    }
    assert.ok(most > WIRETAP_BYTES / 2 && most <= WIRETAP_BYTES, `${most} bytes`)
    const { slow } = all.wiretap.news()?.dropped ?? { slow: 0 }
    assert.ok(slow > 20, `${slow} dropped`)
    all.far.resume()
    await all.arrived(40 - slow)
    assert.equal(all.agent.usedBytes, 0)
  })

  it('stays within what all wiretaps of an agent may hold together', async () => {
    const agent = new Budget(100_000)
    const [one, other] = [await tapped(undefined, agent), await tapped(undefined, agent)]
    begun(one).request(Buffer.alloc(90_000))
    const copy = begun(other)
    copy.request(Buffer.alloc(20_000))
    assert.deepEqual(dropped(other), { ...NONE, slow: 1 })
    copy.requestEnd()
    await turn()
    assert.equal(other.records.length, 0)
  })

  it('gives up what is not whole after 30 s', async () => {
    const all = await tapped()
    all.wiretap.set({ percent: 100, diff: true })
    const endless = begun(all)
    endless.request(REQUEST)
    endless.requestEnd()
    endless.answer(ANSWER)
    const upload = begun(all)
    upload.request(REQUEST)
    all.clock.advance(29_000)
    all.wiretap.sweep()
    assert.equal(all.records.length, 0)
    assert.ok(all.agent.usedBytes > 0)
    all.clock.advance(1000)
    all.wiretap.sweep()
    assert.equal(all.agent.usedBytes, 0)
    const records = await all.arrived(2)
    assert.deepEqual(records[1], { kind: 'noAnswer', id: 1, why: 'slow' })
    assert.deepEqual(dropped(all), { ...NONE, slow: 1 })
  })

  it('forgets everything when its line ends, also what is still being copied', async () => {
    const all = await tapped()
    all.far.pause()
    for (let n = 0; n < 4; n++) {
      const copy = begun(all)
      copy.request(Buffer.alloc(500_000))
      copy.requestEnd()
    }
    const late = begun(all)
    late.request(REQUEST)
    assert.ok(all.agent.usedBytes > 0)
    all.far.reset('cancel')
    await all.over
    late.request(REQUEST)
    late.requestEnd()
    assert.equal(all.wiretap.begin(80), undefined)
    assert.equal(all.agent.usedBytes, 0)
  })

  it('ends a line whose laptop says it is done with more than it got', async () => {
    const all = await tapped()
    all.done(1)
    await all.over
    assert.equal(all.wiretap.line, undefined)
  })
})
