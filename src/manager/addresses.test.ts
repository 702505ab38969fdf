import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../lib/fake-clock.ts'
import { silentLogger } from '../lib/logger.ts'
import { Addresses } from './addresses.ts'
import type { Pod } from './kinds.ts'

function pod(name: string, hostNetwork = false): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' }, spec: { containers: [], hostNetwork } }
}

test('an address is that of the one pod which has it; those of nodes are nobody’s', async () => {
  const clock = new FakeClock()
  const asked: (string | undefined)[] = []
  let items = [pod('cart')]
  const addresses = new Addresses(
    {
      async list(_path, options) {
        asked.push(options?.fieldSelector)
        return { items: items as never[], resourceVersion: '1' }
      },
    },
    clock,
    silentLogger,
  )
  assert.deepEqual(await addresses.find('10.0.0.7'), { namespace: 'shop', pod: 'cart' })
  assert.deepEqual(asked, ['status.podIP=10.0.0.7,status.phase=Running'])
  items = [pod('proxy', true), pod('cni', true)]
  assert.equal((await addresses.find('10.0.0.7')).pod, 'cart')
  clock.advance(11_000)
  assert.equal((await addresses.find('10.0.0.7')).pod, '')
  items = [pod('a'), pod('b')]
  assert.equal((await addresses.find('10.0.0.8')).pod, '')
  assert.equal((await addresses.find('10.0.0.9,metadata.name=x')).pod, '')
  assert.equal(asked.length, 3)
})

test('an API server that does not answer makes an address nobody’s, and few questions are asked at once', async () => {
  let open = 0
  let most = 0
  const addresses = new Addresses(
    {
      async list() {
        most = Math.max(most, ++open)
        await new Promise((resolve) => setImmediate(resolve))
        open--
        throw new Error('busy')
      },
    },
    new FakeClock(),
    silentLogger,
  )
  const all = await Promise.all(Array.from({ length: 20 }, (_, index) => addresses.find(`10.0.0.${index}`)))
  assert.ok(all.every(({ pod }) => pod === ''))
  assert.ok(most <= 4, `${most} at once`)
})
