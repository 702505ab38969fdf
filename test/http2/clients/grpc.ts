/** `node grpc.ts PORT USER CASE...`: the cases with grpc-js; prints what came of each. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Client, credentials, Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js'

const [port = '', user = '', ...cases] = process.argv.slice(2)
const LARGE = Buffer.alloc(20 * 1024 * 1024, 'laptop? ')
const UNLIMITED = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 }
const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), UNLIMITED)
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
  turns: () => turns(false),
  'turns-cancelled': () => turns(true),
}

for (const name of cases) await CASES[name]?.()
client.close()
