import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../lib/fake-clock.ts'
import { Sources } from './sources.ts'

function sources(): { clock: FakeClock; asked: string[]; found: Sources } {
  const clock = new FakeClock()
  const asked: string[] = []
  return { clock, asked, found: new Sources({ clock, ask: (ip) => asked.push(ip) }) }
}

test('managers are asked once for an address, and what the first says is kept for a while', async () => {
  const { clock, asked, found } = sources()
  const both = Promise.all([found.find('10.0.0.7'), found.find('10.0.0.7')])
  found.found({ ip: '10.0.0.7', namespace: 'shop', pod: 'cart-1' })
  found.found({ ip: '10.0.0.7', namespace: 'other', pod: 'late' })
  const source = { ip: '10.0.0.7', namespace: 'shop', pod: 'cart-1' }
  assert.deepEqual(await both, [source, source])
  clock.advance(29_000)
  assert.deepEqual(await found.find('10.0.0.7'), source)
  assert.deepEqual(asked, ['10.0.0.7'])
  clock.advance(2000)
  const again = found.find('10.0.0.7')
  found.found({ ip: '10.0.0.7', namespace: 'shop', pod: 'cart-2' })
  assert.equal((await again).pod, 'cart-2')
  assert.equal(asked.length, 2)
})

test('when no manager says it within a second it is nobody, and asked again soon', async () => {
  const { clock, asked, found } = sources()
  const nobody = found.find('10.0.0.8')
  clock.advance(1000)
  assert.deepEqual(await nobody, { ip: '10.0.0.8', namespace: '', pod: '' })
  assert.equal((await found.find('10.0.0.8')).pod, '')
  clock.advance(6000)
  const again = found.find('10.0.0.8')
  found.found({ ip: '10.0.0.8', namespace: 'shop', pod: 'new' })
  assert.equal((await again).pod, 'new')
  assert.equal(asked.length, 2)
})
