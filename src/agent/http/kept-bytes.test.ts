import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeptBytes, keptInAll } from './kept-bytes.ts'

const text = (kept: KeptBytes): string => Buffer.concat([...(kept.pieces ?? [])]).toString()

test('single octets are joined: what is held is what they take, twice at most', () => {
  const kept = new KeptBytes(Buffer.from('head'))
  const before = keptInAll()
  for (let index = 0; index < 60_000; index++) kept.add(Buffer.from(String(index % 10)), true)
  assert.equal(kept.pieces?.length, 2)
  assert.ok(keptInAll() - before <= 2 * 60_000, `${keptInAll() - before} bytes are held`)
  assert.equal(text(kept), `head${'0123456789'.repeat(6000)}`)
  kept.release()
  assert.equal(kept.pieces, undefined)
  assert.equal(keptInAll(), before - 4)
})

test('pieces of all sizes stay in order, and what was given out before stays as it was', () => {
  const kept = new KeptBytes(Buffer.from('head'))
  kept.add(Buffer.from('ab'), true)
  const early = kept.pieces ?? []
  const large = Buffer.allocUnsafeSlow(100_000).fill('x')
  kept.add(Buffer.from('c'), true)
  kept.add(large, true)
  kept.add(Buffer.from('d'), true)
  assert.equal(text(kept), `headabc${large}d`)
  assert.equal(kept.pieces?.includes(large), true)
  assert.equal(Buffer.concat([...early]).toString(), 'headab')
  kept.release()
})

test('a piece of large memory is copied, so that this is not held', () => {
  const before = keptInAll()
  const kept = new KeptBytes(Buffer.from('head'))
  const memory = Buffer.allocUnsafeSlow(1 << 20)
  kept.add(memory.subarray(0, 10_000), true)
  assert.notEqual(kept.pieces?.at(-1)?.buffer, memory.buffer)
  assert.ok(keptInAll() - before < 200_000)
  kept.release()
})

test('of one request 256 KiB are kept, of all of them 32 MiB; what may not be dropped is kept still', () => {
  const kept = new KeptBytes(Buffer.from('head'))
  kept.add(Buffer.allocUnsafeSlow(256 * 1024 - 4), true)
  assert.notEqual(kept.pieces, undefined)
  kept.add(Buffer.from('x'), false)
  assert.notEqual(kept.pieces, undefined)
  kept.add(Buffer.from('x'), true)
  assert.equal(kept.pieces, undefined)
  const all: KeptBytes[] = []
  while (all.length < 1000) {
    const one = new KeptBytes(Buffer.from('head'))
    all.push(one)
    one.add(Buffer.allocUnsafeSlow(200_000), true)
    if (one.pieces === undefined) break
  }
  assert.ok(all.length > 100 && all.length < 200, `${all.length} were kept`)
  for (const one of all) one.release()
  assert.equal(keptInAll(), 0)
})
