/** The test application on node:http2: `node node.ts PORT NAME`. What each path does: `README.md`. */
import { createHash } from 'node:crypto'
import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'

const [port = '', name = ''] = process.argv.slice(2)
const LARGE = Buffer.alloc(20 * 1024 * 1024, 'remocal ')
const PIECES = 500
/** So many wait for each other. */
const MEETING = 1000
const meeting: (() => void)[] = []

type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => unknown

const body = async (stream: ServerHttp2Stream): Promise<Buffer> => Buffer.concat(await stream.toArray())
const begin = (stream: ServerHttp2Stream, more: http2.OutgoingHttpHeaders = {}, trailers = false): void =>
  stream.respond({ ':status': 200, 'x-name': name, ...more }, { waitForTrailers: trailers })

const ANSWERS: Record<string, Answer> = {
  '/echo': async (stream) => {
    const content = await body(stream)
    begin(stream)
    stream.end(content)
  },
  '/stream': (stream) => {
    begin(stream)
    stream.pipe(stream)
  },
  '/upload': async (stream) => {
    const hash = createHash('sha256')
    for await (const bytes of stream) hash.update(bytes as Buffer)
    begin(stream)
    stream.end(`${hash.digest('hex')}\n`)
  },
  '/sums': (stream) => {
    let sums: IncomingHttpHeaders = {}
    let length = 0
    stream.on('trailers', (trailers) => {
      sums = trailers
    })
    stream.on('data', (bytes: Buffer) => {
      length += bytes.length
    })
    stream.on('end', () => {
      begin(stream)
      stream.end(`${length} ${JSON.stringify(sums)}\n`)
    })
  },
  '/trailers': (stream) => {
    begin(stream, { trailer: 'x-sum', 'x-case': 'Kept' }, true)
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42', 'x-more': 'one, two' }))
    stream.write('one ')
    stream.end('two')
  },
  '/empty': (stream) => stream.respond({ ':status': 204, 'x-name': name }, { endStream: true }),
  '/unchanged': (stream) => stream.respond({ ':status': 304, etag: '"1"' }, { endStream: true }),
  '/cookies': (stream, headers) => {
    begin(stream, { 'set-cookie': ['a=1', 'b=2'] })
    stream.end(`${headers.cookie}\n`)
  },
  '/large': (stream) => {
    begin(stream)
    stream.end(LARGE)
  },
  '/pieces': async (stream) => {
    begin(stream)
    for (let piece = 0; piece < PIECES; piece++) {
      stream.write(`piece ${piece}\n`)
      await new Promise(setImmediate)
    }
    stream.end()
  },
  '/hints': (stream) => {
    stream.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload' })
    begin(stream)
    stream.end('hinted')
  },
  '/early': (stream) => {
    begin(stream, { ':status': 413 })
    stream.end('too much')
  },
  '/meet': (stream, headers) => {
    meeting.push(() => {
      begin(stream)
      stream.end(`${headers[':path']?.slice('/meet?'.length)}\n`)
    })
    if (meeting.length === MEETING) for (const one of meeting.splice(0)) one()
  },
  '/endless': (stream) => {
    begin(stream)
    stream.write('begun')
  },
  '/reset': (stream) => stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM),
}

const server = http2.createServer({ maxSessionMemory: 1000 })
server.on('stream', async (stream, headers) => {
  stream.on('error', () => {})
  const path = headers[':path'] ?? ''
  const answer = ANSWERS[path.replace(/\?.*/, '')]
  if (headers['x-remocal-decline'] !== undefined && name === 'laptop') {
    stream.respond({ ':status': 200, 'x-remocal': 'decline' }, { endStream: true })
  } else if (answer !== undefined) await answer(stream, headers)
  else {
    const { length } = await body(stream).catch(() => Buffer.alloc(0))
    if (stream.destroyed) return
    begin(stream)
    stream.end(`<<${headers[':method']} ${path} ${length}>>\n`)
  }
})
server.listen(Number(port), '127.0.0.1')
