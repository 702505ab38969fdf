import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../lib/fake-clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import { Earlier, REOPEN_MS, type Wish } from './earlier.ts'
import type { Connection } from './socket-table.ts'

const connection = (port: number, inode: number): Connection => ({
  ...{ local: '0a4d0002', port, remote: '0a4d0001', remotePort: 40_000, inode },
})

/** What there is, and what it was asked for. */
class World {
  readonly clock = new FakeClock()
  open: Connection[] = [connection(8080, 1), connection(8080, 2), connection(9090, 3)]
  looks = 0
  changes = 0
  wanted: number[] = []
  again: () => void = () => {}
  readonly reopening: {
    problem: string | undefined
    onNews(ended: number): void
    close(): void
    want(some: readonly Connection[]): void
  } = {
    problem: undefined,
    onNews: () => {},
    close: () => {},
    want: (some) => {
      this.wanted = some.map(({ inode }) => inode)
    },
  }
  readonly earlier: Earlier = new Earlier({
    clock: this.clock,
    logger: silentLogger,
    reopening: this.reopening,
    onChange: () => {
      this.changes++
      this.again()
    },
    read: (ports) => {
      this.looks++
      return this.open.filter(({ port }) => ports.has(port))
    },
  })

  /** As an agent does, now and after each change. */
  watch(ports: number[], wishes: Wish[] = []): void {
    this.again = () => this.earlier.watch(new Set(ports), wishes)
    this.again()
  }
}

const WISH = { intercept: 'i', ports: [8080] }

describe('connections from before', () => {
  it('are known at once when a port is taken, and others are told when they change', () => {
    const world = new World()
    world.watch([8080])
    assert.equal(world.earlier.connections([8080]), 2)
    assert.equal(world.earlier.connections([9090]), 0)
    assert.deepEqual([...world.earlier.addresses()], ['10.77.0.1'])
    world.clock.advance(5000)
    assert.equal(world.changes, 0)
    world.open.shift()
    world.clock.advance(1000)
    assert.equal(world.earlier.connections([8080]), 1)
    assert.equal(world.changes, 1)
    world.watch([])
    assert.equal(world.earlier.connections([8080]), 0)
    assert.equal(world.earlier.addresses().size, 0)
  })

  it('are looked for each second while there are some, seldom else, and never without ports', () => {
    const world = new World()
    world.clock.advance(60_000)
    assert.equal(world.looks, 0)
    world.watch([8080])
    world.clock.advance(10_000)
    assert.equal(world.looks, 11)
    world.open = []
    world.clock.advance(1000)
    world.looks = 0
    world.clock.advance(60_000)
    assert.equal(world.looks, 6)
    // An agent that was held has let one past.
    world.open = [connection(8080, 9)]
    world.clock.advance(10_000)
    assert.equal(world.earlier.connections([8080]), 1)
  })

  it('are ended only where that is wished, of those ports, and for ten minutes', () => {
    const world = new World()
    world.watch([8080, 9090])
    assert.deepEqual(world.wanted, [])
    world.watch([8080, 9090], [WISH])
    assert.deepEqual(world.wanted, [1, 2])
    assert.equal(world.earlier.ends('i'), true)
    assert.equal(world.earlier.ends('other'), false)
    world.clock.advance(REOPEN_MS - 1)
    // Being told again prolongs nothing.
    world.watch([8080, 9090], [WISH])
    assert.deepEqual(world.wanted, [1, 2])
    const { changes } = world
    world.clock.advance(1001)
    assert.deepEqual(world.wanted, [])
    assert.equal(world.earlier.ends('i'), false)
    assert.equal(world.changes, changes + 1)
  })

  it('are ended no more when nobody wishes it', () => {
    const world = new World()
    world.watch([8080], [WISH])
    assert.deepEqual(world.wanted, [1, 2])
    world.watch([8080])
    assert.deepEqual(world.wanted, [])
  })

  it('that cannot be ended are told of to those who wish it', () => {
    const world = new World()
    world.watch([8080], [WISH])
    world.reopening.problem = 'EPERM'
    world.reopening.onNews(0)
    assert.equal(world.changes, 1)
    assert.equal(world.earlier.problem('i'), 'EPERM')
    assert.equal(world.earlier.problem('other'), undefined)
    assert.equal(world.earlier.ends('i'), false)
    assert.equal(world.earlier.connections([8080]), 2)
  })
})
