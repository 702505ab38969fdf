/** Cases that no library makes: bytes on a socket, as slow, as many and as odd as they may come. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

type Raw = (socket: Socket, mine: string) => Promise<void>

const request = (start: string, mine: string, fields: string[] = [], body = ''): string =>
  `${[start, 'hOsT: orders', ...(mine === '' ? [] : [mine]), ...fields].join('\r\n')}\r\n\r\n${body}`
const CLOSE = 'Connection: close'
const LIMIT_MS = 10_000

/** Resolves with an answer when so much of it is there that `pattern` matches. */
async function answered(socket: Socket, pattern: RegExp): Promise<string> {
  let text = ''
  while (!pattern.test(text)) {
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    text += bytes.toString('latin1')
  }
  return text
}

const CASES: Record<string, Raw> = {
  async pipelined(socket, mine) {
    const paths = ['/a', '/b?c', '/empty', '/unchanged', '/d']
    const all = paths.map((path, at) => request(`GET ${path} HTTP/1.1`, mine, at === 4 ? [CLOSE] : []))
    socket.write(all.join(''))
  },
  async bytewise(socket, mine) {
    for (const byte of Buffer.from(request('POST /echo HTTP/1.1', mine, ['Content-Length: 5', CLOSE], 'hello'))) {
      await new Promise((written) => socket.write(Buffer.of(byte), written))
    }
  },
  async 'half-close'(socket, mine) {
    socket.end(request('GET /a HTTP/1.1', mine))
  },
  async 'one-zero'(socket, mine) {
    socket.write(request('GET /a HTTP/1.0', mine))
  },
  async 'one-zero-kept'(socket, mine) {
    socket.write(request('GET /a HTTP/1.0', mine, ['Connection: keep-alive']))
    const first = await answered(socket, /<<.*>>/)
    if (/^connection: keep-alive/im.test(first)) socket.write(request('GET /b HTTP/1.0', mine))
    else socket.end()
  },
  async extension(socket, mine) {
    const fields = ['tRansfer-encoding: Chunked', 'X-odd:no blank', 'x-ODD: \ttwice\t', CLOSE]
    socket.write(
      request('POST /echo HTTP/1.1', mine, fields, '5;a=b;c="d e"\r\nhello\r\n03\r\n...\r\n0\r\nX-Sum: 1\r\n\r\n'),
    )
  },
  async 'near-limit'(socket, mine) {
    const fields = Array.from({ length: 8 }, (_, at) => `X-${at}: ${'y'.repeat(8000)}`)
    socket.write(request('GET /a HTTP/1.1', mine, [...fields, CLOSE]))
  },
  async early(socket, mine) {
    socket.write(request('POST /early HTTP/1.1', mine, [`Content-Length: ${12 * 1024 * 1024}`], 'x'.repeat(1000)))
    await answered(socket, /413/)
  },
  async upgrade(socket, mine) {
    socket.write(request('GET /upgrade HTTP/1.1', mine, ['Connection: Upgrade', 'Upgrade: echo']))
    await answered(socket, /\r\n\r\n/)
    socket.write('not HTTP\x00\xff')
    await answered(socket, /HTTP/)
    socket.end()
  },
  async connect(socket, mine) {
    socket.write(request('CONNECT echo:7 HTTP/1.1', mine))
    await answered(socket, /\r\n\r\n/)
    socket.write('hello')
    await answered(socket, /hello/)
    socket.end()
  },
}

export const RAW: string[] = Object.keys(CASES)

/** Runs cases, each on a connection of its own. @returns what was answered */
export async function raw(port: number, user: string, cases: string[]): Promise<string> {
  let said = ''
  for (const name of cases)
    said += `${name} ${await rawOne(port, CASES[name] as Raw, user === '' ? '' : `X-User: ${user}`)}`
  return said
}

async function rawOne(port: number, play: Raw, mine: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const pieces: Buffer[] = []
  socket.on('data', (bytes: Buffer) => pieces.push(bytes)).on('error', () => {})
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error(`nothing came for ${LIMIT_MS} ms`)))
  await once(socket, 'connect')
  await Promise.all([once(socket, 'end'), play(socket, mine)])
  socket.end()
  return Buffer.concat(pieces).toString('latin1')
}

/** Sends bytes on one connection. @returns all that came until it ended */
export function sendRaw(port: number, text: string): Promise<string> {
  return rawOne(port, async (socket) => void socket.write(text, 'latin1'), '')
}
