/** For tests: a wiretap with a program of this machine, and an agent's end of its stream. */
import { EventEmitter, once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { DifferenceEvent } from '../../lib/daemon-api.ts'
import { ignoring } from '../../lib/diff/ignored.ts'
import { FakeClock } from '../../lib/fake-clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import { memoryPair } from '../../wire/link/memory.ts'
import { COPY, COPY_FLAG, COPY_HEADER_BYTES, writeCopyHeader } from '../../wire/messages/copies.ts'
import type { Flow } from '../../wire/mux/contract.ts'
import { createMux, type LinkMux } from '../../wire/mux/mux.ts'
import type { Opening } from '../../wire/session/contract.ts'
import { Program } from '../attachment/program.ts'
import { Copies } from './copies.ts'

/** Container port of the workload. */
export const PORT = 8080

/** An agent, by hand. */
export interface TestAgent {
  flow: Flow
  /** Copies that it was told are done with. */
  done: number
  over: boolean
  /** @param secure it came in TLS */
  request(id: number, bytes: string | Buffer, answer?: string | Buffer, secure?: boolean): void
  say(kind: 'answer' | 'noAnswer', id: number, bytes: string | Buffer): void
  /** Waits until so many are done with. */
  untilDone(count: number): Promise<void>
}

export interface Wiretapped {
  copies: Copies
  clock: FakeClock
  differences: DifferenceEvent[]
  /** Ports at which nothing listened, as it was said. */
  unheard: number[]
  agent(): Promise<TestAgent>
  close(): Promise<void>
}

/** @param answer what the program does with each connection; undefined: nothing listens @param ignore undefined: no comparison */
export async function wiretapped(answer?: (socket: Socket) => void, ignore?: string[]): Promise<Wiretapped> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    answer?.(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const target = (server.address() as AddressInfo).port
  if (answer === undefined) await closed(server)
  const clock = new FakeClock()
  const differences: DifferenceEvent[] = []
  const unheard: number[] = []
  const known = ignore === undefined ? undefined : ignoring(ignore)
  const copies = new Copies({
    program: new Program({
      ports: [{ port: PORT, target }],
      place: undefined,
      onUnheard: ({ port }) => void unheard.push(port),
    }),
    clock,
    logger: silentLogger,
    ignored: known === undefined || 'wrong' in known ? undefined : known,
    onDifference: (event) => differences.push(event) > 0,
  })
  const muxes: LinkMux[] = []
  return {
    ...{ copies, clock, differences, unheard },
    async agent() {
      const [near, far] = memoryPair()
      const accepted = Promise.withResolvers<void>()
      const onFlow = (flow: Flow): void => {
        const opening = { header: { service: 'copies', intercept: 'w' }, accept: () => flow }
        copies.onCopies(opening as unknown as Opening)
        accepted.resolve()
      }
      muxes.push(createMux(far, { side: 'server', handlers: { onFlow, onClose() {} } }))
      const mux = createMux(near, { side: 'client', handlers: { onFlow() {}, onClose() {} } })
      muxes.push(mux)
      const agent = agentOn(mux.open(Buffer.from('copies')))
      await accepted.promise
      return agent
    },
    async close() {
      copies.close()
      for (const mux of muxes) mux.close()
      if (answer !== undefined) await closed(server)
    },
  }
}

function agentOn(flow: Flow): TestAgent {
  const events = new EventEmitter<{ done: [] }>()
  const record = (kind: number, id: number, payload: Buffer): void => {
    const header = Buffer.alloc(COPY_HEADER_BYTES)
    writeCopyHeader(header, kind as 1, id, payload.length)
    flow.send(Buffer.concat([header, payload]))
  }
  const agent: TestAgent = {
    flow,
    done: 0,
    over: false,
    request(id, bytes, answer, secure = false) {
      const flags = (answer === undefined ? 0 : COPY_FLAG.answered) | (secure ? COPY_FLAG.secure : 0)
      const start = Buffer.from([PORT >> 8, PORT & 255, flags])
      record(COPY.request, id, Buffer.concat([start, Buffer.from(bytes)]))
      if (answer !== undefined && answer !== '') this.say('answer', id, answer)
    },
    say: (kind, id, bytes) => record(COPY[kind], id, Buffer.from(bytes)),
    async untilDone(count) {
      while (agent.done < count) await once(events, 'done')
    },
  }
  flow.bind({
    onData(bytes) {
      for (let at = 0; at < bytes.length; at += 4) agent.done += bytes.readUInt32BE(at)
      events.emit('done')
    },
    onEnd() {},
    onDrain() {},
    onClose() {
      agent.over = true
      events.emit('done')
    },
  })
  return agent
}

async function closed(server: Server): Promise<void> {
  const over = once(server, 'close')
  server.close()
  await over
}
