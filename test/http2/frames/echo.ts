/** An end of the agent's engine that gives back what it is sent, and writes down what it was told and what it sent. */
import { Hop } from '../../../src/agent/http2/hop.ts'
import type { HopStream, StreamUser } from '../../../src/agent/http2/hop-stream.ts'
import type { HopUser } from '../../../src/agent/http2/hop-user.ts'
import { Budget } from '../../../src/lib/budget.ts'
import { FLAG, FRAME_HEADER_BYTES } from '../../../src/lib/http2/frame.ts'
import type { FieldBlock } from '../../../src/lib/http2/hpack/field.ts'
import type { Http2Error } from '../../../src/lib/http2/http2-error.ts'

const OK = Buffer.from([0x88])
const MOST_STREAMS = 8
/** Time stands: what a peer may waste does not come back. */
const CLOCK = { now: () => 0 } as ConstructorParameters<typeof Hop>[0]['clock']

export class Echo implements HopUser, StreamUser {
  readonly told: string[] = []
  readonly sent: Buffer[] = []
  readonly held: Budget = new Budget(1 << 20)
  readonly hop: Hop
  readonly #ends: boolean

  /** @param ends answers end with their requests; otherwise they never end */
  constructor(ends: boolean) {
    this.#ends = ends
    const windows = { stream: 1000, connection: 70_000 }
    this.hop = new Hop({ user: this, clock: CLOCK, isServer: true, windows, held: this.held, maxStreams: MOST_STREAMS })
    this.hop.begin()
    this.hop.out.connect({
      send: (bytes) => {
        this.sent.push(Buffer.from(bytes))
        return true
      },
    } as Parameters<Hop['out']['connect']>[0])
  }

  onOpen(stream: HopStream, block: FieldBlock, endStream: boolean): void {
    this.told.push(`open ${stream.id} ${block.fields.length} ${endStream}`)
    stream.user = this
    stream.block(OK, this.#ends && endStream)
  }

  onBlock(stream: HopStream, block: FieldBlock, endStream: boolean): void {
    this.told.push(`block ${stream.id} ${block.fields.length} ${endStream}`)
    if (this.#ends && endStream) stream.hold(Buffer.alloc(0), true)
  }

  onData(stream: HopStream, bytes: Buffer, at: number, length: number, flags: number): void {
    this.told.push(`data ${stream.id} ${length} ${flags}`)
    const from = at + FRAME_HEADER_BYTES + ((flags & FLAG.PADDED) === 0 ? 0 : 1)
    const to = at + FRAME_HEADER_BYTES + length - ((flags & FLAG.PADDED) === 0 ? 0 : (bytes[at + 9] ?? 0))
    stream.credit(to - from)
    stream.hold(Buffer.from(bytes.subarray(from, to)), this.#ends && (flags & FLAG.END_STREAM) !== 0)
  }

  onOther(stream: HopStream, _bytes: Buffer, _at: number, length: number): void {
    this.told.push(`other ${stream.id} ${length}`)
  }

  onReset(stream: HopStream, code: number, bySelf: boolean): void {
    this.told.push(`reset ${stream.id} ${code} ${bySelf}`)
  }

  onGoaway(lastStream: number, code: number): void {
    this.told.push(`goaway ${lastStream} ${code}`)
  }

  onBroken({ code }: Http2Error): void {
    this.told.push(`broken ${code}`)
  }

  onSettings(): void {}
  onStreamClosed(): void {}
  onEnd(): void {}
  onClose(): void {}

  onRead(): void {
    this.hop.settle()
  }

  /** What must never be. */
  get problem(): string | undefined {
    if (this.hop.streams.size > MOST_STREAMS) return `${this.hop.streams.size} streams are open`
    this.hop.stop()
    return this.held.usedBytes === 0 ? undefined : `${this.held.usedBytes} bytes are held by nobody`
  }
}
