/** Headers at the start of a stream: `open` travels with the flow's opening, `reply` is u16 length and JSON before the data. */
import * as v from 'valibot'
import { type OpenHeader, openSchema, type ReplyHeader, replySchema } from '../messages/open.ts'
import type { FlowHandlers } from '../mux/contract.ts'
import type { MuxFlow } from '../mux/flow.ts'
import type { LinkMux } from '../mux/mux.ts'
import type { Opening, OpenOptions, Stream } from './contract.ts'
import { StreamRefused } from './refused.ts'

/** Drains a flow of which nothing is wanted any more. */
const IGNORE: FlowHandlers = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} }

/** Opens a stream and waits for its reply. */
export function openStream(
  mux: LinkMux,
  header: OpenHeader,
  { data, signal, onOpened, onOver }: OpenOptions = {},
): Promise<{ stream: Stream; reply: ReplyHeader }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ stream: Stream; reply: ReplyHeader }>()
  if (signal?.aborted) return Promise.reject(signal.reason)
  const flow = mux.open(Buffer.from(JSON.stringify(header)), data)
  flow.onOver = onOver
  const give = (): void => {
    flow.reset('cancel')
    reject(signal?.reason as Error)
  }
  signal?.addEventListener('abort', give, { once: true })
  let head: Buffer = Buffer.alloc(0)
  flow.bind({
    onData(bytes) {
      head = head.length === 0 ? bytes : Buffer.concat([head, bytes])
      if (head.length < 2 || head.length < 2 + head.readUInt16BE()) return
      const end = 2 + head.readUInt16BE()
      signal?.removeEventListener('abort', give)
      const reply = parse(replySchema, head.subarray(2, end))
      if (reply?.ok === true) {
        flow.unbind(head.subarray(end))
        resolve({ stream: flow, reply })
        return
      }
      flow.bind(IGNORE)
      flow.reset('cancel')
      reject(reply === undefined ? new Error('an unreadable reply') : new StreamRefused(reply.code, reply.message))
    },
    onEnd() {
      flow.reset('cancel')
      reject(new Error('the stream ended before its reply'))
    },
    onDrain() {},
    onClose(reason) {
      signal?.removeEventListener('abort', give)
      reject(new Error(`the stream ended before its reply: ${reason?.message || reason?.code || 'closed'}`))
    },
  })
  onOpened?.((bytes) => void flow.send(bytes))
  return promise
}

/** What the far end opened, or undefined after an unreadable header was refused. */
export function openingOf(flow: MuxFlow, bytes: Buffer): Opening | undefined {
  const header = parse(openSchema, bytes)
  const gone = new AbortController()
  flow.pause()
  flow.bind({ ...IGNORE, onClose: (reason) => gone.abort(new Error(reason?.message || 'the stream was given up')) })
  let answered = false
  const answer = (reply: ReplyHeader): void => {
    if (answered) throw new Error('a stream is answered once')
    answered = true
    const json = Buffer.from(JSON.stringify(reply))
    const length = Buffer.allocUnsafe(2)
    length.writeUInt16BE(json.length)
    flow.send(Buffer.concat([length, json]))
  }
  const refuse = (code: string, message: string): void => {
    answer({ ok: false, code, message: message.slice(0, 1024) })
    flow.end()
    flow.bind(IGNORE)
    flow.resume()
  }
  if (header === undefined) {
    refuse('unknown', 'this end does not know such a stream')
    return undefined
  }
  return {
    header,
    signal: gone.signal,
    refuse,
    accept(reply = { ok: true }) {
      answer(reply)
      flow.unbind()
      flow.resume()
      return flow
    },
  }
}

function parse<T extends v.GenericSchema>(schema: T, bytes: Buffer): v.InferOutput<T> | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(bytes.toString()))
    return result.success ? result.output : undefined
  } catch {
    return undefined
  }
}
