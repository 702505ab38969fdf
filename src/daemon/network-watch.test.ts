import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../lib/fake-clock.ts'
import { watchNetwork } from './network-watch.ts'

test('each change of the addresses is told once', () => {
  const clock = new FakeClock()
  let addresses = 'eth0 10.0.0.1'
  let changes = 0
  const watch = watchNetwork(
    clock,
    () => changes++,
    () => addresses,
  )
  clock.advance(5000)
  assert.equal(changes, 0)
  addresses = 'wlan0 192.168.0.7'
  clock.advance(5000)
  assert.equal(changes, 1)
  watch.cancel()
  addresses = ''
  clock.advance(5000)
  assert.equal(changes, 1)
})
