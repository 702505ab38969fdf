/** Flows that carry bytes whose every place is known, both ways. */
import { debug, giveBack } from '../../src/lib/slab.ts'
import type { Flow, FlowReset } from '../../src/wire/mux/contract.ts'
import type { LinkMux } from '../../src/wire/mux/mux.ts'
import { Lender } from './lender.ts'
import type { Random } from './random.ts'

const PATTERN_BYTES = 64 * 1024
const PATTERN = Buffer.alloc(PATTERN_BYTES * 2)
// Who looks at memory that was given back sees nonsense, and the check below fails.
debug.poison = true
for (let at = 0; at < PATTERN.length; at++) PATTERN[at] = Math.imul((at % PATTERN_BYTES) + 1, 2_654_435_761) >>> 24

/** The bytes at `offset` of flow `seed`. */
function bytesAt(seed: number, offset: number, length: number): Buffer {
  const start = (seed * 7919 + offset) % PATTERN_BYTES
  return PATTERN.subarray(start, start + length)
}

export interface Plan {
  seed: number
  /** Bytes from who opened, and from who took it. */
  there: number
  back: number
}

export function encodePlan({ seed, there, back }: Plan): Buffer {
  return Buffer.from(JSON.stringify([seed, there, back]))
}

export function decodePlan(header: Buffer): Plan {
  const [seed, there, back] = JSON.parse(header.toString()) as [number, number, number]
  return { seed, there, back }
}

const lender = new Lender()

/** One end of a flow: sends its share, checks what comes. Resolves when the flow is over, rejects for anything wrong. */
export function runEnd(
  flow: Flow,
  sends: { seed: number; bytes: number },
  expects: { seed: number; bytes: number },
  random: Random,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let sent = 0
  let got = 0
  const fail = (what: string): void => reject(new Error(`flow ${flow.id} of ${sends.seed}: ${what}`))
  const pour = (): void => {
    while (sent < sends.bytes) {
      const length = Math.min(sends.bytes - sent, 1 + random.size(PATTERN_BYTES - 1))
      const more = flow.send(lender.lend(bytesAt(sends.seed, sent, length)))
      sent += length
      if (!more) return
    }
    flow.end()
  }
  flow.bind({
    onData(bytes) {
      if (got + bytes.length > expects.bytes) fail(`${got + bytes.length - expects.bytes} bytes too many`)
      const from = got
      const check = (): void => {
        for (let at = 0; at < bytes.length; at += PATTERN_BYTES) {
          const part = bytes.subarray(at, at + PATTERN_BYTES)
          if (!part.equals(bytesAt(expects.seed, from + at, part.length))) fail(`wrong bytes after ${from + at}`)
        }
        giveBack(bytes)
      }
      got += bytes.length
      // As a socket that is slow: what it keeps must stay what it was.
      if (random.int(0, 3) === 0) setImmediate(check)
      else check()
    },
    onEnd() {
      if (got !== expects.bytes) fail(`ended after ${got} of ${expects.bytes} bytes`)
    },
    onDrain: pour,
    onClose(reason?: FlowReset) {
      if (reason !== undefined) fail(`${reason.code}: ${reason.message}`)
      else if (got !== expects.bytes || sent !== sends.bytes) fail('closed early')
      else resolve()
    },
  })
  pour()
  return promise
}

/** Opens a flow and runs this end of it. */
export function openOne(mux: LinkMux, plan: Plan, random: Random): Promise<void> {
  const flow = mux.open(encodePlan(plan))
  return runEnd(flow, { seed: plan.seed, bytes: plan.there }, { seed: plan.seed + 1, bytes: plan.back }, random)
}

/** Runs the other end. */
export function takeOne(flow: Flow, header: Buffer, random: Random): Promise<void> {
  const plan = decodePlan(header)
  return runEnd(flow, { seed: plan.seed + 1, bytes: plan.back }, { seed: plan.seed, bytes: plan.there }, random)
}
