/** Decoders fed with anything: a clean error or nothing, never an exception, and never more memory than they were given. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FakeClock } from '../../src/lib/fake-clock.ts'
import { DurableLink } from '../../src/wire/durable/durable-link.ts'
import { dataHeader, type RECORD, RecordDecoder, record } from '../../src/wire/durable/record.ts'
import { RecordLink } from '../../src/wire/durable/record-link.ts'
import { Registry } from '../../src/wire/durable/registry.ts'
import { memoryPair } from '../../src/wire/link/memory.ts'
import { FrameDecoder, frame } from '../../src/wire/mux/frame.ts'
import { createMux } from '../../src/wire/mux/mux.ts'

const RUNS = { numRuns: 2000 }
/** Bytes in pieces: sometimes random, sometimes the beginning of something right. */
const anyBytes = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes))
const anyFrame = fc
  .tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 12 }), anyBytes)
  .map(([id, type, payload]) => {
    const bytes = frame(id, 1, payload)
    bytes.writeUInt8(type, 4)
    return bytes
  })
const anyRecord = fc
  .tuple(fc.integer({ min: 0, max: 12 }), anyBytes)
  .map(([type, payload]) => record(type as (typeof RECORD)[keyof typeof RECORD], payload))
const anyRun = fc
  .tuple(fc.integer({ min: 0, max: 300 }), anyBytes)
  .map(([offset, bytes]) => Buffer.concat([dataHeader(offset, bytes.length), bytes]))
const pieces = (one: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer[]> =>
  fc.array(fc.oneof(anyBytes, one), { maxLength: 12 })

/** Feeds a decoder until it says what is wrong; it may give no more than it was given. */
function eats(one: fc.Arbitrary<Buffer>, decoder: (got: (bytes: Buffer) => void) => Decoder): void {
  const property = fc.property(pieces(one), (all) => {
    let given = 0
    let got = 0
    const fed = decoder((bytes) => {
      got += bytes.length
    })
    for (const bytes of all) {
      given += bytes.length
      if (fed.feed(bytes) !== undefined) break
    }
    assert.ok(got <= given)
  })
  fc.assert(property, RUNS)
}

interface Decoder {
  feed(bytes: Buffer): string | undefined
}

test('frames', () => {
  eats(
    anyFrame,
    (got) => new FrameDecoder({ onFrame: (_id, _type, payload) => got(payload), onData: (_id, bytes) => got(bytes) }),
  )
})

test('records', () => {
  eats(
    fc.oneof(anyRecord, anyRun),
    (got) => new RecordDecoder({ onRecord: (_type, payload) => got(payload), onData: (_at, bytes) => got(bytes) }),
  )
})

test('a mux that hears anything ends, or goes on', async () => {
  await fc.assert(
    fc.asyncProperty(pieces(anyFrame), async (all) => {
      const [left, right] = memoryPair()
      const ignore = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} }
      const mux = createMux(right, {
        side: 'server',
        clock: new FakeClock(),
        handlers: { onFlow: (flow) => flow.bind(ignore), onClose() {} },
      })
      left.bind({ onData() {}, onDrain() {}, onClose() {} })
      for (const bytes of all) left.send(bytes)
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      mux.close()
    }),
    { numRuns: 500 },
  )
})

test('a durable link that hears anything ends, or goes on', async () => {
  await fc.assert(
    fc.asyncProperty(pieces(fc.oneof(anyRecord, anyRun)), async (all) => {
      const [left, right] = memoryPair()
      const clock = new FakeClock()
      const link = new DurableLink({ name: 'fuzzed', clock, graceMs: 1000 })
      let got = 0
      link.bind({
        onData: (bytes) => {
          got += bytes.length
        },
        onDrain() {},
        onClose() {},
      })
      link.attach(new RecordLink(right), 0)
      left.bind({ onData() {}, onDrain() {}, onClose() {} })
      for (const bytes of all) left.send(bytes)
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      assert.equal(link.received, got)
      link.reset(new Error('enough'))
    }),
    { numRuns: 500 },
  )
})

test('a server that hears anything begins no more than one session', async () => {
  await fc.assert(
    fc.asyncProperty(pieces(anyRecord), async (all) => {
      const [left, right] = memoryPair()
      const clock = new FakeClock()
      const registry = new Registry()
      const taken = registry.accept(right, { owner: 'x', clock, durable: {}, maxGraceMs: 1000 }).catch(() => undefined)
      left.bind({ onData() {}, onDrain() {}, onClose() {} })
      for (const bytes of all) left.send(bytes)
      left.close()
      const link = await taken
      assert.ok(registry.size <= 1)
      link?.reset(new Error('enough'))
      assert.equal(registry.size, 0)
    }),
    { numRuns: 500 },
  )
})
