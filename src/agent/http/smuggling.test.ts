/** Property: nothing reaches a program that was not routed to it, whatever bytes a client sends and however they are split. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { BodyReader } from '../../lib/http1/body-reader.ts'
import { requestFraming } from '../../lib/http1/framing.ts'
import { BadMessage, readRequestHead } from '../../lib/http1/head.ts'
import { closePlaces, dial, listening, place } from './fixtures/place.ts'

after(closePlaces)

const FRAGMENTS = [
  'GET /a HTTP/1.1\r\n',
  'POST /b HTTP/1.1\r\n',
  'POST /c HTTP/1.0\r\n',
  'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n',
  'Host: x\r\n',
  'Host: x\r\n',
  'Host: x\r\n\r\n',
  'X-User: jane\r\n',
  'Content-Length: 3\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: +3\r\n',
  'Content-Length: 3, 3\r\n',
  'Content-Length : 3\r\n',
  'Content-Length: 0x3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: Chunked \r\n',
  'Transfer-Encoding: xchunked\r\n',
  'Transfer-Encoding:\x0bchunked\r\n',
  'Transfer-Encoding\r\n : chunked\r\n',
  'Transfer-Encoding: chunked, identity\r\n',
  'Transfer-Encoding: identity\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'Expect: 100-continue\r\n',
  '\r\n',
  '\r\n',
  '\n',
  '\r',
  'abc',
  '3\r\nabc\r\n',
  '3;x="\r\nabc\r\n',
  '3\nabc\n',
  '03\r\nabc\r\n',
  '-3\r\nabc\r\n',
  '0\r\n\r\n',
  '0\r\nT: 1\r\n\r\n',
]

/** Requests as a node:http server has read them. A lenient one is what smuggling lives on. */
function recording(seen: string[], name: string, lenient: boolean): http.Server {
  const server = http.createServer({ insecureHTTPParser: lenient }, (request, response) => {
    request.resume()
    seen.push(`${name} ${request.method} ${request.url}`)
    response.end('ok')
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  return server
}

/** Sends bytes in pieces, ends, and waits for the end of the connection. */
async function send(port: number, bytes: string, cuts: number[]): Promise<void> {
  const socket = await dial(port)
  socket.on('error', () => {}).resume()
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const data = Buffer.from(bytes, 'latin1')
  let from = 0
  for (const cut of [...cuts.map((one) => one % data.length).sort((a, b) => a - b), data.length]) {
    if (cut > from) await new Promise<void>((resolve) => socket.write(data.subarray(from, cut), () => resolve()))
    from = Math.max(from, cut)
  }
  socket.end()
  await closed
}

/** Requests and their bodies as our readers see them. */
function readAll(bytes: Buffer, cuts: number[]): string[] {
  const pieces = [...cuts.map((one) => one % bytes.length).sort((a, b) => a - b), bytes.length]
  const found: string[] = []
  let body: BodyReader | undefined
  let held: Buffer = Buffer.alloc(0)
  let length = 0
  let from = 0
  try {
    for (const to of pieces) {
      held = Buffer.concat([held, bytes.subarray(from, to)])
      from = to
      while (held.length > 0) {
        if (body === undefined) {
          const head = readRequestHead(held)
          if (head === undefined) break
          body = new BodyReader(requestFraming(head))
          held = held.subarray(head.bytes)
          found.push(`${head.method} ${head.target}`)
        }
        const taken = body.take(held)
        held = held.subarray(taken)
        length += taken
        if (!body.done) break
        found.push(`body ${length}`)
        length = 0
        body = undefined
      }
    }
  } catch (error) {
    assert.ok(error instanceof BadMessage)
    found.push(`refused ${error.status}`)
  }
  return found
}

/** Requests that are mostly right, so that what is wrong in one has others before and behind it. */
const request = fc
  .tuple(
    fc.constantFrom('GET /a', 'POST /b', 'POST /c'),
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('', 'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n') },
      { weight: 1, arbitrary: fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 3 }).map((all) => all.join('')) },
    ),
    fc.constantFrom('', 'X-User: jane\r\n'),
    fc.constantFrom('', '', 'abc', '3\r\nabc\r\n0\r\n\r\n', '3\r\nabc\r\n0\r\nT: 1\r\n\r\n', '5\r\nabc\r\n0\r\n\r\n'),
  )
  .map(([start, fields, user, body]) => `${start} HTTP/1.1\r\nHost: x\r\n${user}${fields}\r\n${body}`)
const message = fc.oneof(
  fc.array(fc.constantFrom(...FRAGMENTS), { minLength: 1, maxLength: 14 }).map((all) => all.join('')),
  fc.array(request, { minLength: 1, maxLength: 6 }).map((all) => all.join('')),
)
const cuts = fc.array(fc.nat(), { maxLength: 4 })

describe('whatever a client sends', { timeout: 120_000 }, () => {
  it('the same bytes split in another way are the same requests', () => {
    fc.assert(
      fc.property(message, cuts, (text, where) => {
        const bytes = Buffer.from(text, 'latin1')
        assert.deepEqual(readAll(bytes, where), readAll(bytes, []))
      }),
      { numRuns: 3000 },
    )
  })

  it('each request that a lenient program reads was routed to it, in that order', async () => {
    const seen: string[] = []
    const { port, decided } = await place(recording(seen, 'app', true), recording(seen, 'laptop', true))
    await fc.assert(
      fc.asyncProperty(message, cuts, async (text, where) => {
        // What does not begin as HTTP goes to the app unread, as a whole.
        const bytes = `GET /first HTTP/1.1\r\nHost: x\r\n\r\n${text}`
        seen.length = 0
        decided.length = 0
        await send(port, bytes, where)
        assert.deepEqual(seen, decided.slice(0, seen.length), JSON.stringify(bytes))
      }),
      { numRuns: 300 },
    )
  })

  it('node:http reads the same requests', async () => {
    const seen: string[] = []
    const port = await listening(recording(seen, 'app', false))
    let compared = 0
    await fc.assert(
      fc.asyncProperty(message, async (text) => {
        const lines = readAll(Buffer.from(text, 'latin1'), [])
        const refused = lines.some((line) => line.startsWith('refused'))
        const ours = lines.filter((line) => !/^(body|refused)/.test(line))
        seen.length = 0
        await send(port, text, [])
        const theirs = seen.map((line) => line.replace(/^app /, ''))
        compared += theirs.length
        // It reads on where we refuse, and it does not read behind a last request; what both read is the same.
        const most = refused ? Math.min(ours.length, theirs.length) : theirs.length
        assert.deepEqual(theirs.slice(0, most), ours.slice(0, most), JSON.stringify(text))
      }),
      { numRuns: 500 },
    )
    assert.ok(compared > 200, `only ${compared} were compared`)
  })
})
