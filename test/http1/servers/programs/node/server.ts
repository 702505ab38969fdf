/** The test application on node:http: `node server.ts PORT NAME`. What each path does: `../README.md`. */
import { createHash } from 'node:crypto'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocketServer } from 'ws'

const [port = '', name = ''] = process.argv.slice(2)
const LARGE = Buffer.alloc(12 * 1024 * 1024, 'remocal ')

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

const body = async (request: IncomingMessage): Promise<Buffer> => Buffer.concat(await request.toArray())

const ANSWERS: Record<string, Answer> = {
  '/echo': async (request, response) => void response.end(await body(request)),
  '/stream': (request, response) => void request.pipe(response),
  '/upload': async (request, response) => {
    const hash = createHash('sha256')
    for await (const bytes of request) hash.update(bytes as Buffer)
    response.end(`${hash.digest('hex')}\n`)
  },
  '/sums': async (request, response) => {
    const { length } = await body(request)
    response.end(`${length} ${JSON.stringify(request.rawTrailers)}\n`)
  },
  '/trailers': (_request, response) => {
    response.writeHead(200, { Trailer: 'X-Sum', 'X-Case': 'Kept' })
    response.write('one ')
    response.addTrailers({ 'X-Sum': '42' })
    response.end('two')
  },
  '/empty': (_request, response) => void response.writeHead(204).end(),
  '/unchanged': (_request, response) => void response.writeHead(304, { ETag: '"1"' }).end(),
  '/close': (_request, response) => {
    response.useChunkedEncodingByDefault = false
    response.removeHeader('transfer-encoding')
    response.writeHead(200, { Connection: 'close' })
    response.write('until ')
    response.end('the end')
  },
  '/large': (_request, response) => void response.end(LARGE),
  '/hints': (_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => response.end('hinted'))
  },
  '/early': (_request, response) => void response.writeHead(413, { Connection: 'close' }).end('too much'),
}

const server = http.createServer({ maxHeaderSize: 128 * 1024 }, async (request, response) => {
  response.setHeader('X-Name', name)
  const path = (request.url ?? '').replace(/\?.*/, '')
  const answer = ANSWERS[path]
  if (answer !== undefined) await answer(request, response)
  else {
    const { length } = await body(request).catch(() => Buffer.alloc(0))
    response.end(`<<${request.method} ${request.url} ${length}>>\n`)
  }
})
server.on('checkContinue', (request, response) => {
  if (request.url === '/refuse') response.writeHead(417).end('no')
  else {
    if (request.url !== '/ignore') response.writeContinue()
    server.emit('request', request, response)
  }
})

const sockets = new WebSocketServer({ noServer: true })
sockets.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })))
server.on('upgrade', (request, socket: Socket, head) => {
  if (request.url === '/ws') {
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
  } else if (request.headers.upgrade === 'echo')
    echo(socket, 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n', head)
  else plain(socket, request)
})
server.on('connect', (request, socket: Socket, head) => {
  if (request.url === 'echo:7') echo(socket, 'HTTP/1.1 200 Connection established\r\n\r\n', head)
  else socket.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
})

function echo(socket: Socket, answer: string, head: Buffer): void {
  socket.on('error', () => socket.destroy())
  socket.write(answer)
  socket.write(head)
  socket.pipe(socket)
}

/** Once there is a listener for upgrades, node:http leaves all of them to it. */
function plain(socket: Socket, request: IncomingMessage): void {
  socket.end(
    `HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nX-Asked: ${request.headers.upgrade}\r\nConnection: close\r\n\r\n`,
  )
}

// Longer than a case takes on a busy machine.
server.keepAliveTimeout = 120_000
server.listen(Number(port), '127.0.0.1')
