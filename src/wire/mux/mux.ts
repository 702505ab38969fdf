/** The multiplexer: joins frames, flows, windows and the outbox on one link. */
import { ChurnMap } from '../../lib/churn.ts'
import { type Clock, systemClock } from '../../lib/clock.ts'
import type { Link } from '../link/link.ts'
import { type Mux, type MuxHandlers, RESET_CODES, type ResetCode } from './contract.ts'
import { type FlowContext, MuxFlow } from './flow.ts'
import { FRAME, FrameDecoder, frame, MAX_OPEN_DATA_BYTES, MAX_OPEN_HEADER_BYTES } from './frame.ts'
import { Outbox } from './outbox.ts'
import { ReceiveWindow, START_WINDOW_BYTES, type WindowBudget } from './window.ts'

/** Flows that may be open at once, of both sides together. */
const MAX_FLOWS = 65_536
/** Assumed until the first ping is answered. */
const START_RTT_MS = 50
/** While data comes, the round trip is measured so often. */
const MEASURE_MS = 1500

export interface MuxOptions {
  /** The client side opens odd ids, the server side even ones. */
  side: 'client' | 'server'
  handlers: MuxHandlers
  clock?: Clock
}

/** A mux on `link`, which it owns from here on. */
export function createMux(link: Link, options: MuxOptions): LinkMux {
  return new LinkMux(link, options)
}

export class LinkMux implements Mux {
  readonly #link: Link
  readonly #handlers: MuxHandlers
  readonly #clock: Clock
  readonly #context: FlowContext
  readonly #outbox: Outbox
  readonly #budget: WindowBudget = { grownBytes: 0, waitingBytes: 0, rttMs: START_RTT_MS }
  readonly #flows = new ChurnMap<number, MuxFlow>()
  readonly #pings = new ChurnMap<
    number,
    { sent: number; resolve: (ms: number) => void; reject: (error: Error) => void }
  >()
  readonly #odd: number
  #nextId: number
  #lastFarId = 0
  #pingCount = 0
  #measuredAt = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(link: Link, { side, handlers, clock = systemClock }: MuxOptions) {
    this.#link = link
    this.#handlers = handlers
    this.#clock = clock
    this.#odd = side === 'client' ? 1 : 0
    this.#nextId = side === 'client' ? 1 : 2
    this.#outbox = new Outbox(link, () => this.#fail('too many unsent control frames'))
    this.#context = {
      outbox: this.#outbox,
      now: () => clock.now(),
      forget: (flow) => this.#flows.delete(flow.id),
    }
    const decoder = new FrameDecoder({
      onFrame: (id, type, payload) => this.#onFrame(id, type, payload),
      onData: (id, bytes) => this.#onData(id, bytes),
    })
    link.bind({
      onData: (bytes) => {
        if (this.#closed) return
        const wrong = decoder.feed(bytes)
        if (wrong !== undefined) this.#fail(wrong)
      },
      onDrain: () => this.#outbox.drained(),
      onClose: (reason) => this.#over(reason ?? new Error(`${link.name} was closed`)),
    })
  }

  get size(): number {
    return this.#flows.size
  }

  get rttMs(): number {
    return this.#budget.rttMs
  }

  /** The round trip, as the layer below has measured it. */
  measured(ms: number): void {
    this.#measuredAt = this.#clock.now()
    this.#budget.rttMs = Math.max(1, ms)
  }

  open(header: Uint8Array, data: Uint8Array = Buffer.alloc(0)): MuxFlow {
    if (header.byteLength > MAX_OPEN_HEADER_BYTES) throw new RangeError('the header of a flow is too long')
    const flow = new MuxFlow(this.#nextId, this.#context, new ReceiveWindow(this.#budget, this.#clock.now()))
    this.#nextId += 2
    if (this.#closed) {
      flow.finish({ code: 'lost', message: 'the link is gone' })
      return flow
    }
    this.#flows.set(flow.id, flow)
    const first = data.subarray(0, Math.min(MAX_OPEN_DATA_BYTES, START_WINDOW_BYTES))
    const length = Buffer.allocUnsafe(2)
    length.writeUInt16BE(header.byteLength)
    this.#outbox.control(frame(flow.id, FRAME.OPEN, Buffer.concat([length, header, first])))
    flow.spend(first.byteLength)
    flow.send(data.subarray(first.byteLength))
    return flow
  }

  ping(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    if (this.#closed) {
      reject(new Error('the link is gone'))
      return promise
    }
    this.#pingCount = (this.#pingCount + 1) >>> 0
    this.#pings.set(this.#pingCount, { sent: this.#clock.now(), resolve, reject })
    const payload = Buffer.allocUnsafe(4)
    payload.writeUInt32BE(this.#pingCount)
    this.#outbox.control(frame(0, FRAME.PING, payload))
    return promise
  }

  close(reason?: Error): void {
    if (this.#closed) return
    this.#outbox.control(frame(0, FRAME.GOAWAY, Buffer.from(reason?.message ?? '').subarray(0, 1024)))
    this.#outbox.flush()
    this.#over(reason)
    this.#link.close()
  }

  #fail(what: string): void {
    this.close(new Error(`protocol error on ${this.#link.name}: ${what}`))
  }

  #over(reason?: Error): void {
    if (this.#closed) return
    this.#closed = true
    const message = reason?.message ?? 'closed'
    for (const flow of [...this.#flows.values()]) flow.finish({ code: 'lost', message })
    for (const { reject } of this.#pings.values()) reject(new Error(message))
    this.#pings.clear()
    this.#outbox.close()
    process.nextTick(() => this.#handlers.onClose(reason))
  }

  #onData(id: number, bytes: Buffer): void {
    this.#measure()
    const flow = this.#flows.get(id)
    if (flow === undefined) this.#unknown(id)
    else if (!flow.onData(bytes)) this.#fail(`flow ${id} sent more than it may`)
  }

  /** Windows need to know how far away the far end is; where the layer below tells it, nobody is asked. */
  #measure(): void {
    const now = this.#clock.now()
    if (now - this.#measuredAt < MEASURE_MS) return
    this.#measuredAt = now
    this.ping().catch(() => {})
  }

  #onFrame(id: number, type: number, payload: Buffer): void {
    if (this.#closed) return
    const flow = this.#flows.get(id)
    switch (type) {
      case FRAME.OPEN:
        this.#onOpen(id, payload)
        break
      case FRAME.WINDOW:
        if (payload.length !== 4) this.#fail('a WINDOW frame of the wrong length')
        else if (flow === undefined) this.#unknown(id)
        else flow.onCredit(payload.readUInt32BE())
        break
      case FRAME.DATA:
        break
      case FRAME.END:
        if (flow === undefined) this.#unknown(id)
        else flow.onEnd()
        break
      case FRAME.RESET:
        if (flow === undefined) this.#unknown(id)
        else flow.finish({ code: codeOf(payload[0]), message: payload.subarray(1).toString() })
        break
      case FRAME.PING:
        this.#outbox.control(frame(0, FRAME.PONG, payload))
        break
      case FRAME.PONG:
        this.#onPong(payload)
        break
      case FRAME.GOAWAY:
        this.#over(payload.length === 0 ? undefined : new Error(payload.toString()))
        this.#link.close()
        break
      default:
        // A frame type of a later version: what it says is not needed to go on.
        break
    }
  }

  #onOpen(id: number, payload: Buffer): void {
    const headerEnd = payload.length < 2 ? Number.POSITIVE_INFINITY : 2 + payload.readUInt16BE()
    const isTooLong = headerEnd > payload.length || headerEnd > 2 + MAX_OPEN_HEADER_BYTES
    if (id % 2 === this.#odd || id <= this.#lastFarId || isTooLong) {
      this.#fail(`an opening that may not be, of flow ${id}`)
      return
    }
    this.#lastFarId = id
    const flow = new MuxFlow(id, this.#context, new ReceiveWindow(this.#budget, this.#clock.now()))
    if (this.#flows.size >= MAX_FLOWS) {
      flow.reset('limit', 'too many flows on this link')
      return
    }
    this.#flows.set(id, flow)
    flow.onData(payload.subarray(headerEnd))
    this.#handlers.onFlow(flow, payload.subarray(2, headerEnd))
  }

  #onPong(payload: Buffer): void {
    const id = payload.length === 4 ? payload.readUInt32BE() : -1
    const ping = this.#pings.get(id)
    if (ping === undefined) return
    this.#pings.delete(id)
    const ms = this.#clock.now() - ping.sent
    this.measured(ms)
    ping.resolve(ms)
  }

  /** A frame for a flow that is over here is late, not wrong; one for a flow that never was is wrong. */
  #unknown(id: number): void {
    const last = id % 2 === this.#odd ? this.#nextId - 2 : this.#lastFarId
    if (id === 0 || id > last) this.#fail(`a frame for flow ${id}, which was never opened`)
  }
}

function codeOf(byte: number | undefined): ResetCode {
  for (const [name, value] of Object.entries(RESET_CODES)) if (value === byte) return name as ResetCode
  return 'cancel'
}
