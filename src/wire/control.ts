/** The control stream of a session: JSON lines, one `ControlMessage` each. */
import * as v from 'valibot'
import { type ControlMessage, controlSchema } from './messages/control.ts'
import type { Stream } from './session/contract.ts'

const MAX_LINE_BYTES = 4 * 1024 * 1024
const NEWLINE = 10

export interface ControlChannel {
  send(message: ControlMessage): void
  close(): void
}

export interface ControlHandlers {
  onMessage(message: ControlMessage): void
  /** The stream is over; its session may live on. */
  onClose?(): void
}

/** Unknown kinds are ignored; a line that is too long or no JSON ends the stream. */
export function controlChannel(stream: Stream, { onMessage, onClose }: ControlHandlers): ControlChannel {
  let line: Buffer[] = []
  let lineBytes = 0
  const take = (bytes: Buffer): void => {
    line.push(bytes)
    lineBytes += bytes.length
    if (lineBytes > MAX_LINE_BYTES) throw new Error('a control message is too long')
  }
  const finish = (): ControlMessage | undefined => {
    const text = Buffer.concat(line, lineBytes).toString()
    line = []
    lineBytes = 0
    const result = v.safeParse(controlSchema, JSON.parse(text))
    return result.success ? result.output : undefined
  }
  const cut = (bytes: Buffer): ControlMessage[] => {
    const messages: ControlMessage[] = []
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      take(bytes.subarray(from, end))
      const message = finish()
      if (message !== undefined) messages.push(message)
      from = end + 1
    }
    take(bytes.subarray(from))
    return messages
  }
  stream.bind({
    onData(bytes) {
      let messages: ControlMessage[] = []
      try {
        messages = cut(bytes)
      } catch (error) {
        stream.reset('protocol', (error as Error).message)
      }
      for (const message of messages) onMessage(message)
    },
    onEnd: () => stream.end(),
    onDrain() {},
    onClose: () => onClose?.(),
  })
  return {
    send: (message) => void stream.send(Buffer.from(`${JSON.stringify(message)}\n`)),
    close: () => stream.end(),
  }
}
