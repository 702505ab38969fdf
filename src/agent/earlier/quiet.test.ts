import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Quiet, SILENT_MS, UNSURE_MS } from './quiet.ts'
import type { Sample } from './sock-diag.ts'

/** A connection whose app answered one request of one segment. */
const BASE: Sample = {
  id: Buffer.alloc(48),
  family: 2,
  port: 8080,
  inode: 7,
  unread: 0,
  unsent: 0,
  sentMs: 0,
  receivedMs: 0,
  acknowledgedMs: 0,
  bytesIn: 100,
  dataIn: 1,
  dataOut: 1,
  allOut: 2,
}
const silent = (sentMs: number, receivedMs = sentMs): Pick<Sample, 'sentMs' | 'receivedMs' | 'acknowledgedMs'> => ({
  ...{ sentMs, receivedMs, acknowledgedMs: Math.min(sentMs, receivedMs) },
})
const look = (quiet: Quiet, more: Partial<Sample>): boolean => quiet.look({ ...BASE, ...more })

describe('a connection', () => {
  it('is quiet when the app spoke last and both were silent for 3 s', () => {
    assert.equal(look(new Quiet(), silent(SILENT_MS - 1, SILENT_MS + 10)), false)
    assert.equal(look(new Quiet(), silent(SILENT_MS, SILENT_MS + 4)), true)
  })

  it('is not while its client spoke last, however long', () => {
    assert.equal(look(new Quiet(), silent(700_000, 600_000)), false)
  })

  it('is not while something is unread, unsent or unacknowledged', () => {
    const long = silent(600_000, 600_010)
    assert.equal(look(new Quiet(), long), true)
    assert.equal(look(new Quiet(), { ...long, unread: 1 }), false)
    assert.equal(look(new Quiet(), { ...long, unsent: 1 }), false)
  })

  it('on which nothing was ever said is quiet after 3 s', () => {
    assert.equal(look(new Quiet(), { ...silent(SILENT_MS), bytesIn: 0, dataIn: 0, dataOut: 0 }), true)
  })

  it('of which the clock does not tell who spoke last is quiet after a minute', () => {
    assert.equal(look(new Quiet(), silent(UNSURE_MS - 1)), false)
    assert.equal(look(new Quiet(), silent(UNSURE_MS)), true)
  })

  it('was answered when all that came was acknowledged by what the app said', () => {
    const quiet = new Quiet()
    assert.equal(look(quiet, silent(5000)), false)
    assert.equal(look(quiet, { ...silent(400), bytesIn: 200, dataIn: 2, dataOut: 2, allOut: 3 }), false)
    assert.equal(look(quiet, { ...silent(SILENT_MS), bytesIn: 200, dataIn: 2, dataOut: 2, allOut: 5 }), true)
  })

  it('was perhaps not when the kernel acknowledged something by itself: a request that followed on an answer at once', () => {
    const quiet = new Quiet()
    look(quiet, silent(5000))
    look(quiet, { ...silent(400), bytesIn: 300, dataIn: 3, dataOut: 2, allOut: 4 })
    assert.equal(look(quiet, { ...silent(SILENT_MS), bytesIn: 300, dataIn: 3, dataOut: 2, allOut: 4 }), false)
  })

  it('is not judged before the kernel must have acknowledged', () => {
    const quiet = new Quiet()
    look(quiet, silent(5000))
    look(quiet, { ...silent(100), bytesIn: 300, dataIn: 3, dataOut: 2, allOut: 3 })
    look(quiet, { ...silent(600), bytesIn: 300, dataIn: 3, dataOut: 2, allOut: 4 })
    assert.equal(look(quiet, { ...silent(SILENT_MS), bytesIn: 300, dataIn: 3, dataOut: 2, allOut: 4 }), false)
  })

  it('was answered when the client acknowledged later than it spoke, unless that may be a keep-alive probe', () => {
    const quiet = new Quiet()
    look(quiet, { ...silent(500), acknowledgedMs: 460 })
    assert.equal(look(quiet, { ...silent(SILENT_MS), acknowledgedMs: 10 }), true)
    const probed = new Quiet()
    look(probed, { ...silent(1500), acknowledgedMs: 460 })
    assert.equal(look(probed, { ...silent(SILENT_MS), acknowledgedMs: 10 }), false)
  })

  it('that was answered is not any more when something comes', () => {
    const quiet = new Quiet()
    look(quiet, silent(400, 404))
    look(quiet, { ...silent(100), bytesIn: 300, dataIn: 3, dataOut: 2, allOut: 4 })
    assert.equal(look(quiet, { ...silent(SILENT_MS), bytesIn: 300, dataIn: 3, dataOut: 2, allOut: 4 }), false)
  })
})
