import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server as HttpServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { spliceSocket } from '../../wire/carrier/splice-socket.ts'
import { memoryPair } from '../../wire/link/memory.ts'
import { createMux } from '../../wire/mux/mux.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { createIdentity } from '../../wire/session/identity.ts'
import { StreamRefused } from '../../wire/session/refused.ts'
import { type AskOptions, ask, knock, namesOf } from './ask.ts'
import { markedHeaders } from './marked.ts'

/** Streams that lead to a server of this process, as a dialer's do. */
function dialTo(t: TestContext, server: Server): AskOptions['dial'] {
  const { port } = server.address() as AddressInfo
  const [near, far] = memoryPair()
  createMux(far, {
    side: 'server',
    handlers: {
      onFlow: (flow) => void spliceSocket(flow, connect({ port, allowHalfOpen: true })),
      onClose() {},
    },
  })
  const mux = createMux(near, { side: 'client', handlers: { onFlow() {}, onClose() {} } })
  t.after(() => mux.close())
  return async () => mux.open(Buffer.from('x')) as Stream
}

async function serve(t: TestContext, listener: RequestListener): Promise<HttpServer> {
  const server = createServer(listener).listen(0)
  await once(server, 'listening')
  t.after(() => server.close())
  return server
}

const OPTIONS: Omit<AskOptions, 'dial'> = {
  ...{ url: new URL('http://web/a?b=c'), method: 'POST', namespace: 'shop', insecure: false },
  headers: [
    ['X-User', 'bob'],
    ['x-user', 'tom'],
  ],
  signal: new AbortController().signal,
  onSent() {},
}

test('ask sends what it is told, once, and waits for the whole answer', async (t) => {
  const got: IncomingMessage[] = []
  const body = Buffer.alloc(300_000, 'x')
  const server = await serve(t, (request, response) => {
    got.push(request)
    response.writeHead(418).end(body)
  })
  let sent = 0
  const status = await ask({ ...OPTIONS, dial: dialTo(t, server), onSent: () => sent++ })
  assert.deepEqual([status, sent, got.length], [418, 1, 1])
  assert.deepEqual([got[0]?.method, got[0]?.url, got[0]?.headers.host], ['POST', '/a?b=c', 'web'])
  assert.equal(got[0]?.headers['x-user'], 'bob, tom')
})

test('ask rejects when the answer breaks off, and when it is given up', async (t) => {
  const server = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '10' })
    response.write('half', () => response.destroy())
  })
  await assert.rejects(ask({ ...OPTIONS, dial: dialTo(t, server) }))
  const silent = await serve(t, () => {})
  const give = new AbortController()
  const onSent = (): void => give.abort(new Error('given up'))
  await assert.rejects(ask({ ...OPTIONS, dial: dialTo(t, silent), signal: give.signal, onSent }), /abort|given up/)
  silent.closeAllConnections()
})

test('a certificate that nobody knows is taken only when that is said', async (t) => {
  const { privateKey, certificate } = createIdentity({ subject: 'web' })
  const cert = `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const server = createTlsServer({ cert, key }, (_request, response) => response.end('ok')).listen(0)
  await once(server, 'listening')
  t.after(() => server.close())
  const options = { ...OPTIONS, url: new URL('https://web/'), dial: dialTo(t, server) }
  await assert.rejects(ask(options), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  assert.equal(await ask({ ...options, insecure: true }), 200)
  const plain = await serve(t, () => {})
  await assert.rejects(ask({ ...options, dial: dialTo(t, plain) }), { reason: 'wrong version number' })
})

test('names are looked for as a pod would, and a refusal is the answer', async () => {
  assert.deepEqual(namesOf('orders', 'shop').slice(0, 2), [
    'orders.shop.svc.cluster.local.',
    'orders.svc.cluster.local.',
  ])
  assert.deepEqual(namesOf('10.0.0.1', 'shop'), ['10.0.0.1'])
  assert.deepEqual(namesOf('fd00::1', 'shop'), ['fd00::1'])
  assert.deepEqual(namesOf('orders.shop.svc.cluster.local.', 'shop'), ['orders.shop.svc.cluster.local.'])
  const asked: string[] = []
  const dial = async (host: string): Promise<Stream> => {
    asked.push(host)
    throw new StreamRefused(asked.length < 2 ? 'ENOTFOUND' : 'ECONNREFUSED', 'no')
  }
  await assert.rejects(knock({ ...OPTIONS, dial }), { code: 'ECONNREFUSED' })
  assert.deepEqual(asked, ['web.shop.svc.cluster.local.', 'web.svc.cluster.local.'])
})

test('the mark stands in three headers, before what the caller has there, and keeps their trace', () => {
  const plain = markedHeaders([])
  const found = Object.fromEntries(plain.headers)
  assert.match(plain.mark, /^verify-[0-9a-f]{16}$/)
  assert.deepEqual(
    [found['x-remocal'], found.baggage, found.tracestate],
    [plain.mark, `x-remocal=${plain.mark}`, `x-remocal=${plain.mark}`],
  )
  assert.match(found.traceparent ?? '', new RegExp(`^00-${plain.trace}-[0-9a-f]{16}-00$`))
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const own = markedHeaders([
    ['Baggage', 'a=b'],
    ['traceparent', `00-${trace}-00f067aa0ba902b7-01`],
  ])
  assert.equal(own.trace, trace)
  assert.equal(own.headers.length, 4)
  assert.deepEqual(own.headers[0], ['Baggage', `x-remocal=${own.mark},a=b`])
})
