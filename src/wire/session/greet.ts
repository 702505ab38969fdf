/** The hello: the client's is the header of its first flow, the server answers with its own. */
import * as v from 'valibot'
import { type Hello, helloSchema } from '../messages/hello.ts'
import type { MuxFlow } from '../mux/flow.ts'
import type { LinkMux } from '../mux/mux.ts'

const MAX_HELLO_BYTES = 16 * 1024

/** Client: says hello and waits for the server's. */
export function greet(mux: LinkMux, mine: Hello): Promise<Hello> {
  const { promise, resolve, reject } = Promise.withResolvers<Hello>()
  const flow = mux.open(Buffer.from(JSON.stringify(mine)))
  flow.end()
  let text = Buffer.alloc(0)
  flow.bind({
    onData(bytes) {
      text = Buffer.concat([text, bytes])
      if (text.length > MAX_HELLO_BYTES) reject(new Error('the hello of the far end is too long'))
    },
    onEnd() {
      try {
        resolve(checkHello(text, mine))
      } catch (error) {
        reject(error)
      }
    },
    onDrain() {},
    onClose(reason) {
      if (reason !== undefined) reject(new Error(reason.message || 'the far end hung up before its hello'))
    },
  })
  return promise
}

/** Server: answers the client's hello. Throws when the two cannot talk. */
export function answerHello(flow: MuxFlow, header: Buffer, mine: Hello): Hello {
  flow.bind({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} })
  const theirs = checkHello(header, mine)
  flow.send(Buffer.from(JSON.stringify(mine)))
  flow.end()
  return theirs
}

function checkHello(text: Buffer, mine: Hello): Hello {
  let hello: Hello
  try {
    hello = v.parse(helloSchema, JSON.parse(text.toString()))
  } catch (error) {
    throw new Error('the hello of the far end is not readable', { cause: error })
  }
  if (hello.protocol.min > mine.protocol.max || hello.protocol.max < mine.protocol.min) {
    const range = ({ min, max }: Hello['protocol']): string => (min === max ? `${min}` : `${min}-${max}`)
    throw new Error(
      `version ${hello.version} speaks protocol ${range(hello.protocol)}, this end (${mine.version}) ${range(mine.protocol)}`,
    )
  }
  return hello
}
