import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ControlMessage } from '../wire/messages/control.ts'
import type { Mux } from '../wire/mux/contract.ts'
import { type End, Ends } from './carriers/ends.ts'
import { startTelling } from './tell.ts'

class Place {
  readonly ends = new Ends()
  managers: string[] = ['10.0.0.1:7070', '10.0.0.2:7070']
  reach: string[] | undefined
  readonly tell: () => void

  constructor() {
    this.tell = startTelling({ ends: this.ends, managers: () => this.managers, reach: () => this.reach }).tell
  }

  /** An end joins, which can be told things only by `listen`. */
  join(role: 'agent' | 'dialer' | 'daemon'): { told: ControlMessage[]; end: End; listen(): void } {
    const told: ControlMessage[] = []
    const base = { mux: {} as Mux, publicKey: `key of ${role}`, control: undefined, pod: 'p', podUid: 'u' }
    let end: End
    if (role === 'agent')
      end = { ...base, role, namespace: 'shop', container: 'remocal-1', features: [], report: undefined }
    else if (role === 'dialer') end = { ...base, role }
    else end = { ...base, role, session: 'anna-1' }
    this.ends.add(end)
    const listen = (): void => {
      end.control = { send: (message) => void told.push(message), close() {} }
      this.ends.emit('listening', end)
    }
    return { told, end, listen }
  }
}

describe('every replica', () => {
  for (const role of ['agent', 'dialer'] as const) {
    it(`tells the ${role} where all managers are, as soon as it listens and after each change`, () => {
      const place = new Place()
      const { told, listen } = place.join(role)
      listen()
      const both: ControlMessage = { kind: 'managers', managers: ['10.0.0.1:7070', '10.0.0.2:7070'] }
      assert.deepEqual(told, [both])
      place.tell()
      assert.deepEqual(told, [both])
      place.managers = ['10.0.0.3:7070']
      place.tell()
      assert.deepEqual(told, [both, { kind: 'managers', managers: ['10.0.0.3:7070'] }])
    })
  }

  it('tells daemons where managers are reached from outside, as soon as they listen and after each change', () => {
    const place = new Place()
    const { told, listen } = place.join('daemon')
    listen()
    place.reach = []
    place.tell()
    place.reach = ['198.51.100.1:31000']
    place.tell()
    place.tell()
    assert.deepEqual(
      told.filter(({ kind }) => kind === 'reach'),
      [
        { kind: 'reach', addresses: [] },
        { kind: 'reach', addresses: ['198.51.100.1:31000'] },
      ],
    )
  })

  it('tells daemons of the dialers that come and go', () => {
    const place = new Place()
    const { told, listen } = place.join('daemon')
    listen()
    const dialer = place.join('dialer')
    place.join('agent').listen()
    place.ends.remove(dialer.end)
    const dialers = [{ podUid: 'u', publicKey: 'key of dialer' }]
    assert.deepEqual(
      told.filter(({ kind }) => kind === 'dialers'),
      [
        { kind: 'dialers', dialers: [] },
        { kind: 'dialers', dialers },
        { kind: 'dialers', dialers: [] },
      ],
    )
  })
})
