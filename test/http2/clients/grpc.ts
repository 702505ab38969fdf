/** `node grpc.ts PORT USER CASE...`: the cases with grpc-js; prints what came of each. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Client, credentials, Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js'

const [port = '', user = '', ...cases] = process.argv.slice(2)
const LARGE = Buffer.alloc(20 * 1024 * 1024, 'laptop? ')
const UNLIMITED = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 }
const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), UNLIMITED)
const MEETING = 1000
const TICKS = 120
/** Less than what the messages take: two clocks are not one. */
const MINUTE_MS = 59_000
const same = (message: Buffer): Buffer => message
const say = (...words: unknown[]): boolean => process.stdout.write(`${words.join(' ')}\n`)
const shown = (bytes: Buffer): string =>
  `${bytes.length} ${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`
const path = (name: string): string => `/remocal.Corpus/${name}`
/** When it was is new each time. */
function told(metadata: Metadata): string {
  metadata.remove('date')
  return Object.entries(metadata.toJSON())
    .map(([name, values]) => `${name}: ${values.map((value) => Buffer.from(value).toString('hex'))}`)
    .sort()
    .join(' ')
}

function metadata(more: Record<string, (string | Buffer)[]> = {}): Metadata {
  const made = new Metadata()
  if (user !== '') made.add('x-user', user)
  for (const [name, values] of Object.entries(more)) for (const value of values) made.add(name, value)
  return made
}

async function unary(name: string, body: Buffer, options = {}, more = metadata()): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const answered = (error: ServiceError | null, answer: Buffer = Buffer.alloc(0)): void => {
    // Whether a deadline was met here or there says nothing.
    if (name === 'Slow') say(name, error?.code)
    else say(name, shown(answer), error?.code, error?.details)
    resolve()
  }
  const call = client.makeUnaryRequest(path(name), same, same, body, more, options, answered)
  if (name !== 'Slow') {
    call.on('metadata', (head: Metadata) => say(name, told(head)))
    call.on('status', (status: StatusObject) => say(name, told(status.metadata)))
  }
  await promise
}

async function count(): Promise<void> {
  const call = client.makeServerStreamRequest(path('Count'), same, same, Buffer.from('2000'), metadata())
  say('Count', shown(Buffer.concat(await call.toArray())))
}

/** So many at once that none is answered before all are there. */
async function meet(): Promise<void> {
  const one = async (at: number): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>()
    client.makeUnaryRequest(path('Meet'), same, same, Buffer.from(`call ${at}`), metadata(), (error, answer) =>
      error === null ? resolve(answer) : reject(error),
    )
    return String(await promise)
  }
  say('Meet', (await Promise.all(Array.from({ length: MEETING }, (_, at) => one(at)))).join())
}

/** A message now and then, for a minute. */
async function minute(): Promise<void> {
  const call = client.makeServerStreamRequest(path('Ticks'), same, same, Buffer.from(String(TICKS)), metadata())
  const startMs = performance.now()
  const messages = await call.toArray()
  say('Ticks', messages.length, messages.at(-1), performance.now() - startMs > MINUTE_MS)
}

async function turns(cancels: boolean): Promise<void> {
  const call = client.makeBidiStreamRequest(
    path('Talk'),
    same,
    same,
    metadata(cancels ? { 'x-gives-up': ['yes'] } : {}),
  )
  const over = new Promise<StatusObject>((resolve) => call.once('status', resolve))
  call.on('error', () => {})
  for (let turn = 0; turn < 50; turn++) {
    call.write(Buffer.from(`turn ${turn}`))
    const [bytes] = (await once(call, 'data')) as [Buffer]
    if (bytes.toString() !== `turn ${turn}`) throw new Error(`turn ${turn} came back as ${bytes}`)
  }
  if (cancels) call.cancel()
  else call.end()
  call.resume()
  const { code } = await over
  say('Talk', code)
}

const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at))
const CASES: Record<string, () => Promise<void>> = {
  unary: () => unary('Echo', Buffer.from('hello')),
  'unary-empty': () => unary('Echo', Buffer.alloc(0)),
  'unary-large': () => unary('Echo', LARGE),
  metadata: () => unary('Echo', Buffer.from('hello'), {}, metadata({ 'x-case-bin': [bytes], 'x-case': ['a', 'b'] })),
  fail: () => unary('Fail', Buffer.from('hello')),
  deadline: () => unary('Slow', Buffer.from('hello'), { deadline: Date.now() + 500 }),
  count,
  calls: meet,
  minute,
  turns: () => turns(false),
  'turns-cancelled': () => turns(true),
}

for (const name of cases) await CASES[name]?.()
client.close()
