/** `node node.ts KIND PORT USER CASE...`: the cases with node:http (`http`), undici (`undici`) or `ws` (`ws`); prints what came of each. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import { Readable } from 'node:stream'
import { Client } from 'undici'
import { WebSocket } from 'ws'

const [kind = '', port = '', user = '', ...cases] = process.argv.slice(2)
const LARGE = Buffer.alloc(12 * 1024 * 1024, 'laptop? ')
const mine: Record<string, string> = user === '' ? {} : { 'X-User': user }
const say = (...words: unknown[]): boolean => process.stdout.write(`${words.join(' ')}\n`)
const sum = (bytes: Buffer): string =>
  `${bytes.length} ${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`

async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}

interface Asked {
  method?: string
  headers?: Record<string, string>
  body?: Buffer | AsyncGenerator<Buffer>
  trailers?: Record<string, string>
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

async function withHttp(path: string, { method = 'GET', headers = {}, body, trailers }: Asked): Promise<void> {
  const length = Buffer.isBuffer(body) ? { 'Content-Length': String(body.length) } : {}
  const request = http.request({
    host: '127.0.0.1',
    port,
    path,
    method,
    agent,
    headers: { ...mine, ...headers, ...length },
  })
  const answered = once(request, 'response')
  request.on('continue', () => say('100'))
  request.on('information', ({ statusCode, headers: early }) => say(statusCode, JSON.stringify(early)))
  if (headers.Expect !== undefined) {
    request.flushHeaders()
    const first = await Promise.race([once(request, 'continue').then(() => 'continue'), answered.then(() => 'answer')])
    if (first === 'answer') body = undefined
  }
  if (body !== undefined) for await (const piece of Buffer.isBuffer(body) ? [body] : body) request.write(piece)
  if (trailers !== undefined) request.addTrailers(trailers)
  request.end()
  const [response] = (await answered) as [http.IncomingMessage]
  const content = Buffer.concat(await response.toArray())
  say(path, response.statusCode, sum(content), JSON.stringify(response.rawTrailers))
  if (headers.Expect !== undefined) request.destroy()
}

const undici = new Client(`http://127.0.0.1:${port}`, { pipelining: kind === 'undici' ? 4 : 1 })

async function withUndici(path: string, { method = 'GET', headers = {}, body }: Asked): Promise<void> {
  const content = body === undefined || Buffer.isBuffer(body) ? (body ?? null) : Readable.from(body)
  const answer = await undici.request({
    path,
    method: method as 'GET',
    headers: { ...mine, ...headers },
    body: content,
  })
  say(path, answer.statusCode, sum(Buffer.from(await answer.body.arrayBuffer())))
}

const ask = (path: string, asked: Asked = {}): Promise<void> =>
  kind === 'http' ? withHttp(path, asked) : withUndici(path, asked)

async function webSocket(): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, {
    headers: mine,
    perMessageDeflate: false,
    generateMask: (mask: Buffer) => mask.fill(0),
  })
  await once(socket, 'open')
  for (const text of ['hello', 'x'.repeat(70_000)]) {
    socket.send(text)
    const [data] = (await once(socket, 'message')) as [Buffer]
    say('ws', sum(data))
  }
  socket.ping('beat')
  await once(socket, 'pong')
  socket.close(4000, 'enough')
  const [code, reason] = await once(socket, 'close')
  say('ws closed', code, reason)
}

const CASES: Record<string, () => Promise<unknown>> = {
  get: async () => {
    await ask('/a')
    await ask('/a?b=c')
  },
  post: () => ask('/echo', { method: 'POST', body: Buffer.from('hello') }),
  chunked: () => ask('/echo', { method: 'POST', body: pieces('one ', 'two') }),
  sums: () =>
    ask('/sums', { method: 'POST', headers: { Trailer: 'X-Sum' }, body: pieces('one'), trailers: { 'X-Sum': '1' } }),
  trailers: () => ask('/trailers'),
  head: () => ask('/a', { method: 'HEAD' }),
  empty: () => ask('/empty'),
  unchanged: () => ask('/unchanged'),
  close: () => ask('/close'),
  large: () => ask('/large'),
  upload: () => ask('/upload', { method: 'POST', body: LARGE }),
  continue: () => ask('/echo', { method: 'POST', headers: { Expect: '100-continue' }, body: Buffer.from('hello') }),
  refuse: () => ask('/refuse', { method: 'POST', headers: { Expect: '100-continue' }, body: Buffer.from('hello') }),
  hints: () => ask('/hints'),
  pipelined: () => Promise.all(['/a', '/b', '/c', '/d', '/e'].map((path) => ask(path))),
  ws: webSocket,
}

for (const name of cases) await CASES[name]?.()
agent.destroy()
await undici.close()
