/** The dialer's services, over a session in one process. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { decode, encode, type Packet, TRUNCATED_RESPONSE } from 'dns-packet'
import { systemClock } from '../../lib/clock.ts'
import { FakeClock } from '../../lib/fake-clock.ts'
import { memoryPair } from '../../wire/link/memory.ts'
import { type Hello, PROTOCOL } from '../../wire/messages/hello.ts'
import type { OpenHeader } from '../../wire/messages/open.ts'
import type { Opening, Session, Stream } from '../../wire/session/contract.ts'
import { createIdentity } from '../../wire/session/identity.ts'
import { startSession } from '../../wire/session/session.ts'
import { readAll } from '../fixtures/daemon.ts'
import { type DialContext, dial } from './dial.ts'
import { serveDns } from './dns.ts'
import { framed, frames } from './frames.ts'
import type { Verdict } from './networks.ts'
import type { DnsServer } from './resolver.ts'

test('dial passes bytes and half-close both ways', async (t) => {
  const server = await listen(t, (socket) => {
    const pieces: Buffer[] = []
    socket.on('data', (bytes) => void pieces.push(bytes)).on('end', () => socket.end(`got ${Buffer.concat(pieces)}`))
  })
  const session = await dialing(t, { '127.0.0.1': 'inside' })
  const { stream, reply } = await session.open(
    { service: 'dial', host: '127.0.0.1', port: server.port },
    { data: Buffer.from('hello ') },
  )
  assert.deepEqual(reply, { ok: true, address: `127.0.0.1:${server.port}` })
  stream.send(Buffer.from('there'))
  stream.end()
  assert.equal((await readAll(stream)).toString(), 'got hello there')
})

test('what may not be dialled is refused, and what is not of the cluster is left to the laptop', async (t) => {
  const session = await dialing(t, { '10.0.0.1': 'forbidden', '192.0.2.1': 'outside' })
  const open = (host: string): Promise<unknown> => session.open({ service: 'dial', host, port: 80 })
  await assert.rejects(open('10.0.0.1'), { code: 'forbidden' })
  await assert.rejects(open('192.0.2.1'), { code: 'outside' })
})

test('a name is decided on by the addresses that it resolves to, and only allowed ones are tried', async (t) => {
  const server = await listen(t, (socket) => socket.end('here'))
  const verdicts = {
    '127.0.0.1': 'inside',
    '127.0.0.2': 'inside',
    '10.9.9.9': 'forbidden',
    '192.0.2.1': 'outside',
  } as const
  const names: Record<string, string[]> = {
    // Nothing listens at the second address.
    mixed: ['10.9.9.9', '127.0.0.2', '127.0.0.1'],
    metadata: ['10.9.9.9', '192.0.2.1'],
    web: ['192.0.2.1'],
  }
  const session = await dialing(t, verdicts, names)
  const open = (host: string): Promise<{ stream: Stream }> => session.open({ service: 'dial', host, port: server.port })
  assert.equal((await readAll((await open('mixed')).stream)).toString(), 'here')
  await assert.rejects(open('metadata'), { code: 'forbidden' })
  await assert.rejects(open('web'), { code: 'outside' })
  await assert.rejects(open('nobody'), { code: 'ENOTFOUND' })
})

test("a refused connection has the kernel's own code", async (t) => {
  const server = await listen(t, () => {})
  const closed = once(server.server, 'close')
  server.server.close()
  await closed
  const session = await dialing(t, { '127.0.0.1': 'inside' })
  await assert.rejects(session.open({ service: 'dial', host: '127.0.0.1', port: server.port }), {
    code: 'ECONNREFUSED',
  })
})

test('a name that is not resolved within 10 s is refused', async (t) => {
  const clock = new FakeClock()
  const opened = Promise.withResolvers<void>()
  const lookup = (): Promise<never> => {
    opened.resolve()
    return new Promise(() => {})
  }
  const session = await sessionTo(t, (opening) => {
    if (opening.header.service !== 'dial') return
    void dial(opening, opening.header.host, opening.header.port, { networks: verdicts({}), clock, lookup })
  })
  const refused = assert.rejects(session.open({ service: 'dial', host: 'slow', port: 80 }), { code: 'ETIMEDOUT' })
  await opened.promise
  clock.advance(10_000)
  await refused
})

test('dns hands messages to the resolver as they are, answers in any order', async (t) => {
  const server = await resolver(t, (query) => ({ ...query, type: 'response', answers: [answerTo(query)] }))
  const ask = await asking(t, server)
  const answers = await Promise.all(['a.shop.svc', 'b.shop.svc'].map((name, id) => ask(question(id + 1, name))))
  assert.deepEqual(
    answers.map(({ id, answers: [first] = [] }) => [id, first?.name]),
    [
      [1, 'a.shop.svc'],
      [2, 'b.shop.svc'],
    ],
  )
})

test('an answer that was cut is asked for again over TCP', async (t) => {
  const server = await resolver(t, (query, over) => ({
    ...query,
    type: 'response',
    flags: over === 'udp' ? TRUNCATED_RESPONSE : 0,
    answers: over === 'udp' ? [] : [answerTo(query)],
  }))
  const ask = await asking(t, server)
  const { answers } = await ask(question(7, 'big.shop.svc'))
  assert.equal(answers?.[0]?.name, 'big.shop.svc')
})

test('a resolver that does not answer is SERVFAIL after 5 s', async (t) => {
  const clock = new FakeClock()
  const silent = createSocket('udp4')
  silent.bind(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const ask = await asking(t, { host: '127.0.0.1', port: silent.address().port }, clock)
  const asked = once(silent, 'message')
  const answer = ask(question(9, 'a.shop.svc'))
  await asked
  const again = once(silent, 'message')
  clock.advance(1500)
  await again
  clock.advance(3500)
  const { id, type, questions, rcode } = (await answer) as Packet & { rcode: string }
  assert.deepEqual([id, type, rcode, questions?.[0]?.name], [9, 'response', 'SERVFAIL', 'a.shop.svc'])
})

async function listen(
  t: TestContext,
  onConnection: (socket: import('node:net').Socket) => void,
): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, onConnection)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { server, port: (server.address() as AddressInfo).port }
}

function verdicts(table: Record<string, Verdict>): DialContext['networks'] {
  return { verdict: (address) => table[address] ?? 'outside' }
}

async function dialing(
  t: TestContext,
  table: Record<string, Verdict>,
  names: Record<string, string[]> = {},
): Promise<Session> {
  const context: DialContext = {
    networks: verdicts(table),
    clock: systemClock,
    async lookup(name) {
      const found = names[name]
      if (found === undefined) throw Object.assign(new Error(`no ${name}`), { code: 'ENOTFOUND' })
      return found.map((address) => ({ address, family: 4 }))
    },
  }
  return sessionTo(t, (opening) => {
    const header: OpenHeader = opening.header
    if (header.service === 'dial') void dial(opening, header.host, header.port, context)
  })
}

/** The opener's end of a session whose other end answers streams so. */
async function sessionTo(t: TestContext, onStream: (opening: Opening) => void): Promise<Session> {
  const [left, right] = memoryPair()
  const hello = (end: Hello['end']): Hello => ({ version: 'test', protocol: PROTOCOL, features: [], end })
  const verify = (): undefined => undefined
  const [client, server] = await Promise.all([
    startSession(left, {
      ...{ side: 'client', verify, identity: createIdentity({ subject: 'daemon' }) },
      hello: hello({ role: 'daemon', session: 's' }),
    }),
    startSession(right, {
      ...{ side: 'server', verify, identity: createIdentity({ subject: 'dialer' }) },
      hello: hello({ role: 'dialer', pod: 'd', podUid: 'u' }),
    }),
  ])
  server.bind({ onStream, onClose() {} })
  client.bind({ onStream: (opening) => opening.refuse('unknown', ''), onClose() {} })
  t.after(() => client.close())
  return client
}

/** A DNS server on one port of both protocols. */
async function resolver(t: TestContext, answer: (query: Packet, over: 'udp' | 'tcp') => Packet): Promise<DnsServer> {
  const tcp = await listen(t, (socket) => {
    const onData = frames((query) => socket.end(framed(Buffer.from(encode(answer(decode(query), 'tcp'))))))
    socket.on('data', onData).on('error', () => {})
  })
  const udp = createSocket('udp4', (query, from) =>
    udp.send(encode(answer(decode(query), 'udp')), from.port, from.address),
  )
  udp.bind(tcp.port, '127.0.0.1')
  await once(udp, 'listening')
  t.after(() => udp.close())
  return { host: '127.0.0.1', port: tcp.port }
}

/** Asks over a `dns` stream. */
async function asking(
  t: TestContext,
  server: DnsServer,
  clock = systemClock as FakeClock | typeof systemClock,
): Promise<(query: Packet) => Promise<Packet>> {
  const session = await sessionTo(t, (opening) => serveDns(opening, clock, server))
  const { stream } = await session.open({ service: 'dns' })
  const waiting = new Map<number | undefined, (answer: Packet) => void>()
  const onData = frames((message) => {
    const answer = decode(message)
    waiting.get(answer.id)?.(answer)
  })
  stream.bind({ onData, onEnd() {}, onDrain() {}, onClose() {} })
  return (query) =>
    new Promise((resolve) => {
      waiting.set(query.id, resolve)
      stream.send(framed(Buffer.from(encode(query))))
    })
}

function question(id: number, name: string): Packet {
  return { type: 'query', id, questions: [{ type: 'A', name, class: 'IN' }] }
}

function answerTo({ questions }: Packet): NonNullable<Packet['answers']>[number] {
  return { type: 'A', name: questions?.[0]?.name ?? '', ttl: 5, class: 'IN', data: '10.0.0.1' }
}
