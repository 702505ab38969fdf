import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { Networks, type Verdict } from './networks.ts'

const networks = new Networks()
networks.set(['10.96.0.0/12', '10.244.0.0/16', 'fd00:1::/64', '0.0.0.0/0x', 'junk'], ['10.244.0.7', '10.100.0.0/24'])

const VERDICTS: [string, Verdict][] = [
  ['10.96.0.10', 'inside'],
  ['10.244.3.9', 'inside'],
  ['fd00:1::9', 'inside'],
  ['::ffff:10.244.3.9', 'inside'],
  ['192.0.2.1', 'outside'],
  ['2001:db8::1', 'outside'],
  ['10.244.0.7', 'forbidden'],
  ['::ffff:10.244.0.7', 'forbidden'],
  ['10.100.0.20', 'forbidden'],
  ['127.0.0.1', 'forbidden'],
  ['127.9.9.9', 'forbidden'],
  ['::ffff:127.0.0.1', 'forbidden'],
  ['::1', 'forbidden'],
  ['0.0.0.0', 'forbidden'],
  ['::', 'forbidden'],
  ['169.254.169.254', 'forbidden'],
  ['::ffff:a9fe:a9fe', 'forbidden'],
  ['fd00:ec2::254', 'forbidden'],
  ['fe80::1', 'forbidden'],
  ['fe80::1%eth0', 'forbidden'],
  ['fd00:1::9%eth0', 'forbidden'],
  ['224.0.0.1', 'forbidden'],
  ['ff02::1', 'forbidden'],
  ['not an address', 'forbidden'],
]

for (const [address, verdict] of VERDICTS) {
  test(`${address} is ${verdict}`, () => assert.equal(networks.verdict(address), verdict))
}

test('loopback is forbidden even when the config says that it is inside', () => {
  const wide = new Networks()
  wide.set(['0.0.0.0/0', '::/0'], [])
  for (const address of ['127.0.0.1', '::1', '169.254.169.254']) assert.equal(wide.verdict(address), 'forbidden')
  assert.equal(wide.verdict('192.0.2.1'), 'inside')
})

test("the dialer's own addresses are forbidden", () => {
  const wide = new Networks()
  wide.set(['0.0.0.0/0', '::/0'], [])
  for (const { address } of Object.values(networkInterfaces()).flatMap((all) => all ?? [])) {
    assert.equal(wide.verdict(address), 'forbidden')
  }
})

test('without a config nothing is inside', () => assert.equal(new Networks().verdict('10.96.0.1'), 'outside'))
