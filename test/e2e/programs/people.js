/**
 * Requests of several people, run by Node in a pod or on a laptop (`scenarios/people.test.ts` starts it and reads what it prints).
 *
 * ROLE=server PORT=n WHO=name  answers every request, and every message of a WebSocket, with its name and what was asked.
 * ROLE=client URL RULES        CONNECTIONS keep asking, each on a connection of its own that it keeps, one in three by WebSocket; what a request says is drawn by lot.
 *                              RULES are `{who, stable, header?: [name, value], path?, cookie?: [name, value], method?}` in their order: the first that matches answers. One that is not stable
 *                              may be away. Each second it prints `RESULT {...}` of all so far.
 */
import { createHash } from 'node:crypto'
import http from 'node:http'
import { check, draw, lost, report, result, rules, say } from './rules.js'

const { env } = process

/** One whole text frame of less than 64 KiB (RFC 6455 §5.2). @returns undefined while it is incomplete */
function readFrame(bytes) {
  if (bytes.length < 2) return undefined
  const short = bytes[1] & 127
  const at = short === 126 ? 4 : 2
  if (bytes.length < at + 4) return undefined
  const length = short === 126 ? bytes.readUInt16BE(2) : short
  const end = at + 4 + length
  if (bytes.length < end) return undefined
  const text = Buffer.from(bytes.subarray(at + 4, end).map((byte, index) => byte ^ bytes[at + (index % 4)]))
  return { opcode: bytes[0] & 15, text, end }
}

function writeFrame(opcode, text) {
  const head =
    text.length < 126 ? [128 | opcode, text.length] : [128 | opcode, 126, text.length >> 8, text.length & 255]
  return Buffer.concat([Buffer.from(head), text])
}

function serve() {
  const answer = ({ method, url }) => JSON.stringify({ who: env.WHO, method, url })
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(answer(request)))
  })
  server.on('upgrade', (request, socket) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    let unread = Buffer.alloc(0)
    socket.on('error', () => {}).on('end', () => socket.end())
    socket.on('data', (bytes) => {
      unread = Buffer.concat([unread, bytes])
      for (let frame = readFrame(unread); frame !== undefined; frame = readFrame(unread)) {
        unread = unread.subarray(frame.end)
        if (frame.opcode === 8) socket.end(writeFrame(8, frame.text))
        else
          socket.write(
            writeFrame(1, Buffer.from(JSON.stringify({ ...JSON.parse(answer(request)), said: `${frame.text}` }))),
          )
      }
    })
  })
  server.keepAliveTimeout = 120_000
  server.listen(Number(env.PORT), () => say('SERVING'))
}

/** What a request says. Each rule is met by about half of them. */
function make() {
  const headers = {}
  let path = '/all'
  let method = 'GET'
  const cookies = []
  for (const rule of rules) {
    if (draw(true, false)) continue
    if (rule.header !== undefined) headers[rule.header[0]] = rule.header[1]
    if (rule.path !== undefined) path = `${rule.path}${draw('', 'x', 'y/z')}`
    if (rule.method !== undefined) method = rule.method
    if (rule.cookie !== undefined) cookies.push(rule.cookie.join('='))
  }
  if (cookies.length > 0) headers.cookie = cookies.join('; ')
  return { headers, path: `${path}?n=${result.asked}`, method }
}

const matches = (rule, { headers, path, method }) =>
  (rule.header === undefined || headers[rule.header[0]] === rule.header[1]) &&
  (rule.path === undefined || path.startsWith(rule.path)) &&
  (rule.method === undefined || rule.method === method) &&
  (rule.cookie === undefined || (headers.cookie ?? '').split('; ').includes(rule.cookie.join('=')))

function checkAnswer(request, answer, said) {
  const { url, method } = answer
  const isRight = url === request.path && method === request.method && answer.said === said
  check(request, answer, (rule) => matches(rule, request), isRight)
}

function ask(agent, request) {
  return new Promise((resolve, reject) => {
    const { headers, path, method } = request
    const body = method === 'POST' ? 'x'.repeat(draw(0, 10, 20_000)) : undefined
    const sent = http.request(env.URL + path, { agent, method, headers })
    sent.setTimeout(20_000, () => sent.destroy(new Error('no answer within 20 s')))
    sent.on('error', reject).on('response', async (response) => {
      try {
        const text = Buffer.concat(await response.toArray()).toString()
        if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${text}`)
        checkAnswer(request, JSON.parse(text), undefined)
        resolve()
      } catch (error) {
        reject(error)
      }
    })
    sent.end(body)
  })
}

function talk(request) {
  return new Promise((resolve, reject) => {
    const headers = {
      ...request.headers,
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    }
    const sent = http.request(env.URL + request.path, { method: 'GET', headers, agent: false })
    sent.setTimeout(20_000, () => sent.destroy(new Error('no answer within 20 s')))
    sent.on('error', reject).on('response', ({ statusCode }) => reject(new Error(`upgrade: ${statusCode}`)))
    sent.on('upgrade', (_response, socket, head) => {
      let unread = head
      let count = 0
      const next = () =>
        socket.write(Buffer.concat([Buffer.from([129, 128 + 2, 0, 0, 0, 0]), Buffer.from(String(10 + count))]))
      const read = () => {
        while (unread.length >= 2) {
          const short = unread[1] & 127
          const at = short === 126 ? 4 : 2
          const length = short === 126 ? (unread.length < 4 ? 65536 : unread.readUInt16BE(2)) : short
          if (unread.length < at + length) return
          const text = unread.subarray(at, at + length).toString()
          unread = unread.subarray(at + length)
          checkAnswer({ ...request, method: 'GET' }, JSON.parse(text), String(10 + count))
          if (++count === 3) {
            socket.destroy()
            resolve()
            return
          }
          next()
        }
      }
      socket.on('error', reject)
      socket.on('close', () => reject(new Error(`a WebSocket ended after ${count} messages`)))
      socket.on('data', (bytes) => {
        unread = Buffer.concat([unread, bytes])
        read()
      })
      next()
      read()
    })
    sent.end()
  })
}

async function keepAsking(kind) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  for (;;) {
    const request = make()
    if (kind === 'socket') request.method = 'GET'
    result.asked++
    try {
      if (kind === 'socket') await talk(request)
      else await ask(agent, request)
    } catch (error) {
      lost(request, error)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

if (env.ROLE === 'server') serve()
else {
  report()
  for (let index = 0; index < Number(env.CONNECTIONS); index++) void keepAsking(index % 3 === 0 ? 'socket' : 'http')
}
