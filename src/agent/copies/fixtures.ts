/** For tests: a wiretap and the laptop's end of its line, over a real mux. */
import { EventEmitter, once } from 'node:events'
import { Budget } from '../../lib/budget.ts'
import { FakeClock } from '../../lib/fake-clock.ts'
import { CopyReader, type CopyRecord } from '../../wire/copies.ts'
import { memoryPair } from '../../wire/link/memory.ts'
import type { Flow } from '../../wire/mux/contract.ts'
import { createMux } from '../../wire/mux/mux.ts'
import type { Session } from '../../wire/session/contract.ts'
import { AGENT_BYTES } from './copies.ts'
import { Line } from './line.ts'
import { Wiretap } from './wiretap.ts'

export interface Tapped {
  clock: FakeClock
  /** What all wiretaps hold. */
  agent: Budget
  wiretap: Wiretap
  line: Line
  /** The laptop's end. */
  far: Flow
  records: CopyRecord[]
  /** Waits until the laptop has so many records. */
  arrived(count: number): Promise<CopyRecord[]>
  /** The laptop is done with copies. */
  done(count: number): void
  /** The line heard of its end. */
  over: Promise<void>
}

/** @param random as `Math.random` */
export async function tapped(random: () => number = () => 0, agent: Budget = new Budget(AGENT_BYTES)): Promise<Tapped> {
  const clock = new FakeClock()
  const [near, farLink] = memoryPair()
  const flow = Promise.withResolvers<Flow>()
  createMux(farLink, { side: 'server', handlers: { onFlow: (one) => flow.resolve(one), onClose() {} } })
  const mux = createMux(near, { side: 'client', handlers: { onFlow() {}, onClose() {} } })
  const events = new EventEmitter<{ record: [] }>()
  const records: CopyRecord[] = []
  const reader = new CopyReader((record) => {
    records.push(record)
    events.emit('record')
  })
  const stream = mux.open(Buffer.from('copies'))
  const far = await flow.promise
  far.bind({ onData: (bytes) => reader.take(bytes), onEnd() {}, onDrain() {}, onClose() {} })
  const wiretap = new Wiretap({ intercept: 'w', budget: agent, clock, random })
  wiretap.set({ percent: 100, diff: false })
  const over = Promise.withResolvers<void>()
  const line = new Line(stream, {} as Session, wiretap.budget, over.resolve)
  wiretap.use(line)
  return {
    ...{ clock, agent, wiretap, line, far, records, over: over.promise },
    async arrived(count) {
      while (records.length < count) await once(events, 'record')
      return records
    },
    done(count) {
      const said = Buffer.alloc(4)
      said.writeUInt32BE(count)
      far.send(said)
    },
  }
}
