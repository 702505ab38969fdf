import assert from 'node:assert/strict'
import { endianness } from 'node:os'
import { describe, it } from 'node:test'
import { addressOf, connectionsIn } from './socket-table.ts'

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
const row = (local: string, remote: string, state = '01', inode = 55): string =>
  `   1: ${local} ${remote} ${state} 00000000:00000000 02:00000578 00000000  1000        0 ${inode} 2 0000000000000000 20 4 30 10 -1\n`
const MAPPED = '0000000000000000FFFF0000'
const PORTS = new Set([8080])

describe('connections of a pod', { skip: endianness() === 'LE' ? false : 'written for the other byte order' }, () => {
  it('are those that others opened to these ports', () => {
    const table = `${HEAD}${row('02004D0A:1F90', '01004D0A:C350')}${row('02004D0A:1F91', '01004D0A:C350')}`
    assert.deepEqual(connectionsIn(table, PORTS), [
      { local: '0a4d0002', port: 8080, remote: '0a4d0001', remotePort: 50_000, inode: 55 },
    ])
  })

  it('are established', () => {
    for (const state of ['02', '03', '06', '08', '0A'])
      assert.deepEqual(connectionsIn(HEAD + row('02004D0A:1F90', '01004D0A:C350', state), PORTS), [])
  })

  it('of IPv6, and of IPv4 on a socket of IPv6', () => {
    const six = `${row('000077FD000000000000000002000000:1F90', '000077FD000000000000000001000000:C350')}${row(`${MAPPED}02004D0A:1F90`, `${MAPPED}01004D0A:C350`)}`
    assert.deepEqual(
      connectionsIn(HEAD + six, PORTS).map(({ remote }) => remote),
      ['fd770000000000000000000000000001', '00000000000000000000ffff0a4d0001'],
    )
  })

  it('have addresses as Node writes them', () => {
    const six = `${row('000077FD000000000000000002000000:1F90', '000077FD000000000000000001000000:9C40')}${row(`${MAPPED}0900000A:1F90`, `${MAPPED}0800000A:9C41`)}`
    const found = connectionsIn(HEAD + row('0900000A:1F90', '0500000A:9C40') + six, PORTS)
    assert.deepEqual(
      found.map(({ remote }) => addressOf(remote)),
      ['10.0.0.5', 'fd77::1', '10.0.0.8'],
    )
  })

  it('not those of the pod to itself: by its own address, and by loopback ones', () => {
    const own = [
      row('02004D0A:1F90', '02004D0A:C350'),
      row('0100007F:1F90', '0100007F:C350'),
      row('02004D0A:1F90', '0600007F:C350'),
      row('000077FD000000000000000002000000:1F90', '00000000000000000000000001000000:C350'),
      row(`${MAPPED}02004D0A:1F90`, `${MAPPED}0600007F:C350`),
    ]
    assert.deepEqual(connectionsIn(HEAD + own.join(''), PORTS), [])
  })
})
