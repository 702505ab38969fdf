/** What clients of several kinds notice when their connections are ended, with the real kernel. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer, get, type Server } from 'node:http'
import * as http2 from 'node:http2'
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { inNamespace } from '../fixtures/in-namespace.ts'
import { EndQuiet } from './end-quiet.ts'
import { type Sample, SockDiag } from './sock-diag.ts'

const LOOK_MS = 500
/** Longer than what counts as quiet. */
const PAUSE_MS = 4300
const SLOW_MS = 4500

inNamespace(import.meta.filename, () => {
  let diag: SockDiag
  before(() => {
    execFileSync('ip', ['link', 'set', 'lo', 'up'])
    diag = new SockDiag()
  })
  after(() => diag.close())

  /** Has those ended that are open now. */
  function ending(port: number, taken: () => Set<number> = () => new Set([port])): { ended(): number; stop(): void } {
    const run = new EndQuiet({ diag, taken })
    run.want(diag.established(port).map(({ inode }) => [port, inode]))
    let ended = 0
    const timer = setInterval(() => {
      ended += run.look()
    }, LOOK_MS)
    return { ended: () => ended, stop: () => clearInterval(timer) }
  }

  const suite = { concurrency: true, timeout: 50_000 }
  test('clients', suite, async (t) => {
    await Promise.all([
      t.test('HTTP/1 keep-alive: idle connections are ended, and no request fails', async () => {
        const server = createServer({ keepAliveTimeout: 60_000 }, (_, response) => response.end('app'))
        const port = await listen(server)
        const clients = Array.from({ length: 5 }, () => new Client(port))
        for (const client of clients) await client.ask('/')
        const run = ending(port)
        await Promise.all(
          clients.map(async (client) => {
            // Whether the clock tells who spoke last is chance.
            for (let tries = 0; client.sockets.size === 1 && tries < 8; tries++) {
              assert.equal(await client.ask('/'), 'app')
              await delay(PAUSE_MS)
              assert.equal(await client.ask('/'), 'app')
            }
            assert.equal(client.sockets.size, 2)
          }),
        )
        assert.equal(run.ended(), 5)
        run.stop()
        for (const client of clients) client.close()
        server.close()
      }),

      t.test('HTTP/1: answers that take longer, right after others, and streams that flow, are let be', async () => {
        const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
          if (request.url === '/slow') setTimeout(() => response.end('app'), SLOW_MS)
          else if (request.url !== '/stream') response.end('app')
          else
            for (let n = 0; n <= 6; n++) setTimeout(() => (n < 6 ? response.write('.') : response.end('.')), n * 1000)
        })
        const port = await listen(server)
        const slow = Array.from({ length: 5 }, () => new Client(port))
        const streaming = new Client(port)
        for (const client of [...slow, streaming]) await client.ask('/')
        const run = ending(port)
        await Promise.all([
          streaming.ask('/stream').then((body) => assert.equal(body, '.......')),
          ...slow.map(async (client) => {
            for (let n = 0; n < 3; n++) {
              // Each request follows on an answer within the kernel's tick.
              assert.equal(await client.ask('/'), 'app')
              assert.equal(await client.ask('/slow'), 'app')
            }
            assert.equal(client.sockets.size, 1)
          }),
        ])
        run.stop()
        for (const client of [...slow, streaming]) client.close()
        server.close()
      }),

      t.test(
        'HTTP/2: an idle session is closed, calls open a new one; a call whose messages flow is let be',
        async () => {
          const server = http2.createServer()
          server.on('stream', (stream, headers) => {
            stream.respond()
            if (headers[':path'] !== '/stream') stream.end('app')
            else for (let n = 0; n <= 8; n++) setTimeout(() => (n < 8 ? stream.write('.') : stream.end('.')), n * 1000)
          })
          const port = await listen(server)
          const calls = new Calls(port)
          const streaming = new Calls(port)
          assert.equal(await calls.call('/'), 'app')
          const streamed = streaming.call('/stream')
          await once(server, 'stream')
          const run = ending(port)
          for (let tries = 0; calls.sessions === 1 && tries < 5; tries++) {
            await delay(PAUSE_MS)
            assert.equal(await calls.call('/'), 'app')
          }
          assert.equal(calls.sessions, 2)
          assert.equal(await streamed, '.........')
          assert.equal(streaming.sessions, 1)
          run.stop()
          calls.close()
          streaming.close()
          server.close()
        },
      ),

      t.test(
        'whoever waits for the app, or for whom the app has not read, is let be; who never spoke is ended',
        async () => {
          const accepted: Socket[] = []
          const server = createTcpServer({ pauseOnConnect: true }, (socket) =>
            accepted.push(socket.on('error', () => {})),
          )
          const port = await listen(server)
          const [waiting, unread, mute] = [await dial(port), await dial(port), await dial(port)]
          waiting.write('a question')
          unread.write('a question')
          while (accepted.length < 3) await once(server, 'connection')
          for (const socket of accepted) if (socket.remotePort === waiting.localPort) socket.resume()
          const run = ending(port)
          const [error] = await once(mute, 'error')
          assert.equal(error.code, 'ECONNRESET')
          assert.equal(run.ended(), 1)
          run.stop()
          for (const socket of [waiting, unread, ...accepted]) socket.destroy()
          server.close()
        },
      ),

      t.test('of a port that is not taken, or that was not told, none is ended', async () => {
        const server = createTcpServer((accepted) => accepted.on('error', () => {}))
        const port = await listen(server)
        const sockets = [await dial(port)]
        const all = (): Sample[] => diag.established(port)
        while (all().length < 1 || all().some(({ inode }) => inode === 0)) await delay(10)
        const taken = new EndQuiet({ diag, taken: () => new Set() })
        const told = new EndQuiet({ diag, taken: () => new Set([port]) })
        taken.want(all().map(({ inode }) => [port, inode]))
        told.want(all().map(({ inode }) => [port, inode + 1]))
        while (all().some(({ sentMs }) => sentMs < 3000)) await delay(100)
        assert.equal(taken.look() + told.look(), 0)
        assert.equal(all().length, 1)
        // The same, told and taken.
        told.want(all().map(({ inode }) => [port, inode]))
        assert.equal(told.look(), 1)
        for (const socket of sockets) socket.destroy()
        server.close()
      }),
    ])
  })

  test('what was asked about last is ended only while it is the very same connection', async () => {
    const server = createTcpServer((accepted) => accepted.on('error', () => {}))
    const port = await listen(server)
    const socket = await dial(port)
    const [sample] = diag.established(port)
    assert.ok(sample)
    const other = { ...sample, id: Buffer.from(sample.id) }
    other.id.writeUInt8((other.id.readUInt8(40) + 1) % 256, 40)
    assert.equal(diag.again(other), undefined)
    assert.equal(diag.end(other), false)
    assert.equal(diag.again(sample)?.inode, sample.inode)
    assert.equal(diag.end(sample), true)
    assert.equal(diag.end(sample), false)
    assert.equal(diag.again(sample), undefined)
    socket.destroy()
    server.close()
  })
})

/** Where it listens. */
async function listen(server: Server | TcpServer | http2.Http2Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Asks over one connection as long as it lives. */
class Client {
  readonly sockets = new Set<object>()
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  ask(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port: this.#port, path, agent: this.#agent }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('end', () => resolve(body)).on('error', reject)
      })
      request.on('socket', (socket) => this.sockets.add(socket)).on('error', reject)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Calls over one session as long as it lives, as gRPC's clients do. */
class Calls {
  sessions = 0
  readonly #port: number
  #session: http2.ClientHttp2Session | undefined

  constructor(port: number) {
    this.#port = port
  }

  async call(path: string): Promise<string> {
    if (this.#session === undefined || this.#session.destroyed) {
      this.sessions++
      this.#session = http2.connect(`http://127.0.0.1:${this.#port}`).on('error', () => {})
    }
    const stream = this.#session.request({ ':path': path }).setEncoding('utf8')
    let body = ''
    for await (const text of stream) body += text
    return body
  }

  close(): void {
    this.#session?.destroy()
  }
}
