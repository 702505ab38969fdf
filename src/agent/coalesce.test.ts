import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coalesce } from './coalesce.ts'

test('runs one at a time, and once more for whoever asked meanwhile', async () => {
  const runs: PromiseWithResolvers<void>[] = []
  const ask = coalesce(() => {
    const run = Promise.withResolvers<void>()
    runs.push(run)
    return run.promise
  })
  const first = ask()
  const later = [ask(), ask(), ask()]
  assert.equal(runs.length, 1)
  let over = false
  void later[0]?.then(() => {
    over = true
  })
  runs[0]?.resolve()
  await first
  await new Promise(setImmediate)
  assert.equal(runs.length, 2)
  assert.equal(over, false)
  runs[1]?.resolve()
  await Promise.all(later)
  assert.equal(runs.length, 2)
  void ask()
  assert.equal(runs.length, 3)
})
