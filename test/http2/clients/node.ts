/** `node node.ts KIND PORT USER CASE...`: the cases with node:http2 (`http2`) or undici (`undici`); prints what came of each. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http2 from 'node:http2'
import { Client } from 'undici'

const [kind = '', port = '', user = '', ...cases] = process.argv.slice(2)
const LARGE = Buffer.alloc(20 * 1024 * 1024, 'laptop? ')
const MANY = 1000
const mine: Record<string, string> = user === '' ? {} : { 'x-user': user }
const say = (...words: unknown[]): boolean => process.stdout.write(`${words.join(' ')}\n`)
const sum = (bytes: Buffer): string =>
  `${bytes.length} ${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`

interface Asked {
  method?: string
  headers?: Record<string, string>
  body?: Buffer
  trailers?: Record<string, string>
}

const origin = `http://127.0.0.1:${port}`
const session = http2.connect(origin, { maxSessionMemory: 1000 })
const undici = new Client(origin, { h2Options: { useH2c: true }, pipelining: 100 })

async function withHttp2(path: string, { method = 'GET', headers = {}, body, trailers }: Asked): Promise<string> {
  const stream = session.request(
    { ':method': method, ':path': path, ...mine, ...headers },
    { endStream: body === undefined && trailers === undefined, waitForTrailers: trailers !== undefined },
  )
  const said: unknown[] = [path]
  stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}))
  stream.on('headers', (early) => said.push(JSON.stringify(early)))
  stream.on('trailers', (told) => said.push(JSON.stringify(told)))
  const answered = once(stream, 'response')
  if (body !== undefined) stream.end(body)
  const [head] = (await answered) as [http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader]
  const content = Buffer.concat(await stream.toArray())
  return [...said, head[':status'], head['x-name'], sum(content)].join(' ')
}

async function withUndici(path: string, { method = 'GET', headers = {}, body }: Asked): Promise<string> {
  const answer = await undici.request({
    path,
    method: method as 'GET',
    headers: { ...mine, ...headers },
    body: body ?? null,
  })
  const content = Buffer.from(await answer.body.arrayBuffer())
  return [path, answer.statusCode, answer.headers['x-name'], sum(content)].join(' ')
}

const asking = kind === 'http2' ? withHttp2 : withUndici
const ask = async (path: string, asked: Asked = {}): Promise<void> => void say(await asking(path, asked))
const post = (path: string, body: Buffer | string): Promise<void> =>
  ask(path, { method: 'POST', body: Buffer.from(body) })

async function manyOf(path: string): Promise<void> {
  const said = await Promise.all(Array.from({ length: MANY }, (_, at) => asking(`${path}${at}`, {})))
  say(said.join('\n'))
}

/** Gives up in the middle of an answer. */
async function cancelled(): Promise<void> {
  const stream = session.request({ ':path': '/endless', ...mine })
  await once(stream, 'data')
  stream.close(http2.constants.NGHTTP2_CANCEL)
  await once(stream, 'close')
  say('cancelled', stream.rstCode)
}

async function reset(): Promise<void> {
  const stream = session.request({ ':path': '/reset', ...mine })
  const [error] = (await once(stream, 'error').catch((thrown: unknown) => [thrown])) as [Error]
  say('reset', stream.rstCode, error.message)
}

/** Pieces both ways in turn: each is sent when the one before has come back. */
async function talk(): Promise<void> {
  const stream = session.request({ ':method': 'POST', ':path': '/stream', ...mine })
  await once(stream, 'response')
  for (let turn = 0; turn < 50; turn++) {
    stream.write(`turn ${turn}`)
    const [bytes] = (await once(stream, 'data')) as [Buffer]
    say(bytes.toString())
  }
  stream.end()
  stream.resume()
  await once(stream, 'end')
}

const CASES: Record<string, () => Promise<unknown>> = {
  get: async () => {
    await ask('/a')
    await ask('/a?b=c')
  },
  post: () => post('/echo', 'hello'),
  nothing: () => post('/echo', ''),
  sums: () => ask('/sums', { method: 'POST', body: Buffer.from('one'), trailers: { 'x-sum': '1' } }),
  head: () => ask('/a', { method: 'HEAD' }),
  cookies: () => ask('/cookies', { headers: { cookie: 'a=1; b=2', 'x-empty': '', 'x-long': 'long'.repeat(2000) } }),
  upload: () => post('/upload', LARGE),
  both: () => post('/stream', LARGE),
  'many-small': () => manyOf('/many/'),
  meet: () => manyOf('/meet?'),
  cancelled,
  reset,
  talk,
}

for (const name of cases) await (CASES[name] ?? (() => ask(`/${name}`)))()
session.close()
await undici.close()
