/** The test service on grpc-js: `node grpc.ts PORT NAME`. What each method does: `README.md`. */
import { setTimeout as delay } from 'node:timers/promises'
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'

const [port = '', name = ''] = process.argv.slice(2)
const UNLIMITED = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 }
const MEETING = 1000
const TICK_MS = 500
const meeting: (() => void)[] = []
const same = (message: Buffer): Buffer => message

function method(called: string, requestStream = false, responseStream = false) {
  const path = `/remocal.Corpus/${called}`
  const codings = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  }
  return { path, requestStream, responseStream, ...codings }
}

type Call = ServerUnaryCall<Buffer, Buffer>

const server = new Server(UNLIMITED)
server.addService(
  {
    Echo: method('Echo'),
    Fail: method('Fail'),
    Slow: method('Slow'),
    Meet: method('Meet'),
    Ticks: method('Ticks', false, true),
    Count: method('Count', false, true),
    Talk: method('Talk', true, true),
  },
  {
    Echo(call: Call, answer: sendUnaryData<Buffer>) {
      const head = new Metadata()
      head.set('x-name', name)
      for (const key of ['x-case', 'x-case-bin']) for (const value of call.metadata.get(key)) head.add(key, value)
      call.sendMetadata(head)
      const trailer = new Metadata()
      trailer.set('x-sum', String(call.request.length))
      answer(null, call.request, trailer)
    },
    Fail(_call: Call, answer: sendUnaryData<Buffer>) {
      const metadata = new Metadata()
      metadata.set('x-why', 'asked to')
      answer({ code: status.FAILED_PRECONDITION, details: `no: ${name} 100% ü`, metadata })
    },
    /** Its client gives up. */
    Slow() {},
    /** Waits until a thousand do. */
    Meet(call: Call, answer: sendUnaryData<Buffer>) {
      meeting.push(() => answer(null, call.request))
      if (meeting.length < MEETING) return
      for (const one of meeting.splice(0)) one()
    },
    async Ticks(call: ServerWritableStream<Buffer, Buffer>) {
      const count = Number(call.request)
      for (let number = 0; number < count; number++) {
        await delay(TICK_MS)
        call.write(Buffer.from(`${name} ${number}`))
      }
      call.end()
    },
    Count(call: ServerWritableStream<Buffer, Buffer>) {
      const count = Number(call.request)
      for (let number = 0; number < count; number++) call.write(Buffer.from(`${name} ${number}`))
      call.end()
    },
    Talk(call: ServerDuplexStream<Buffer, Buffer>) {
      call.on('data', (message: Buffer) => call.write(message))
      call.on('end', () => call.end())
      call.on('error', () => {})
    },
  },
)
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error
})
