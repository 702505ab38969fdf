import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Strangers } from './strangers.ts'

function enterAll(strangers: Strangers, address: string, count: number): (() => void)[] {
  return Array.from({ length: count }, () => strangers.enter(address)).filter((leave) => leave !== undefined)
}

it('one address has 64 connections without a key, and the others have theirs', () => {
  const strangers = new Strangers()
  const inside = enterAll(strangers, '10.0.0.1', 100)
  assert.equal(inside.length, 64)
  assert.equal(enterAll(strangers, '10.0.0.2', 1).length, 1)
  inside[0]?.()
  inside[0]?.()
  assert.equal(enterAll(strangers, '10.0.0.1', 100).length, 1, 'who leaves twice makes room once')
})

it('all addresses together have 2048, and room again when they have left', () => {
  const strangers = new Strangers()
  const inside = Array.from({ length: 40 }, (_, n) => enterAll(strangers, `10.0.0.${n}`, 64)).flat()
  assert.equal(inside.length, 2048)
  for (const leave of inside) leave()
  assert.equal(enterAll(strangers, '::ffff:127.0.0.1', 2000).length, 1024)
})
