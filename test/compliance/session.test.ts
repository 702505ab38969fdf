import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { FakeClock } from '../../src/lib/fake-clock.ts'
import { memoryPair } from '../../src/wire/link/memory.ts'
import type { Hello } from '../../src/wire/messages/hello.ts'
import type { Opening, Session, Stream, VerifyPeer } from '../../src/wire/session/contract.ts'
import { createIdentity, publicKeyText } from '../../src/wire/session/identity.ts'
import { StreamRefused } from '../../src/wire/session/refused.ts'
import { type SessionOptions, startSession } from '../../src/wire/session/session.ts'
import { collect } from './collect.ts'

const anyone: VerifyPeer = () => undefined
const HELLO: Hello = {
  version: '1.2.3',
  protocol: { min: 1, max: 1 },
  features: [],
  end: { role: 'daemon', session: 'jane-1' },
}

async function pair(
  client: Partial<SessionOptions> = {},
  server: Partial<SessionOptions> = {},
): Promise<[Session, Session]> {
  const [a, b] = memoryPair()
  return Promise.all([
    startSession(a, {
      side: 'client',
      identity: createIdentity({ subject: 'a' }),
      verify: anyone,
      hello: HELLO,
      ...client,
    }),
    startSession(b, {
      side: 'server',
      identity: createIdentity({ subject: 'b' }),
      verify: anyone,
      hello: HELLO,
      ...server,
    }),
  ])
}

function serve(session: Session, onStream: (opening: Opening) => void): Promise<Error | undefined> {
  return new Promise((onClose) => session.bind({ onStream, onClose }))
}

describe('session', { timeout: 20_000 }, () => {
  it('knows the far end by key and hello', async () => {
    const installation = generateKeyPairSync('ed25519')
    const manager = createIdentity({ subject: 'manager/remocal-manager-0', issuer: installation })
    const daemon = createIdentity({ subject: 'daemon' })
    const [client, server] = await pair({ identity: daemon }, { identity: manager })
    assert.equal(server.peer.publicKey, daemon.publicKey)
    assert.equal(client.peer.subject, 'manager/remocal-manager-0')
    assert.equal(client.peer.signedBy(publicKeyText(installation.publicKey)), true)
    assert.equal(client.peer.signedBy(daemon.publicKey), false)
    assert.deepEqual(server.hello, HELLO)
    client.close()
  })

  it('a key that is not the expected one ends both, with the reason on the side that saw it', async () => {
    const [a, b] = memoryPair()
    const refuse: VerifyPeer = () => 'not the key of jane'
    const client = startSession(a, {
      side: 'client',
      identity: createIdentity({ subject: 'a' }),
      verify: anyone,
      hello: HELLO,
    })
    const server = startSession(b, {
      side: 'server',
      identity: createIdentity({ subject: 'b' }),
      verify: refuse,
      hello: HELLO,
    })
    await assert.rejects(server, /not the key of jane/)
    await assert.rejects(client)
  })

  it('a protocol without overlap is refused by both, with both versions', async () => {
    const late: Hello = { ...HELLO, version: '9.0.0', protocol: { min: 7, max: 8 } }
    const [a, b] = memoryPair()
    const client = startSession(a, {
      side: 'client',
      identity: createIdentity({ subject: 'a' }),
      verify: anyone,
      hello: late,
    })
    const server = startSession(b, {
      side: 'server',
      identity: createIdentity({ subject: 'b' }),
      verify: anyone,
      hello: HELLO,
    })
    await assert.rejects(server, /version 9\.0\.0 speaks protocol 7-8, this end \(1\.2\.3\) 1/)
    await assert.rejects(client, /protocol/)
  })

  it('streams: data with the opening, a reply, data both ways, refusals', async () => {
    const [client, server] = await pair()
    void serve(server, (opening) => {
      if (opening.header.service !== 'dial') return opening.refuse('unknown', 'no such thing')
      const stream = opening.accept({ ok: true, address: '10.0.0.1:80' })
      stream.bind({ onData: (bytes) => void stream.send(bytes), onEnd: () => stream.end(), onDrain() {}, onClose() {} })
    })
    const { stream, reply } = await client.open(
      { service: 'dial', host: 'orders', port: 80 },
      { data: Buffer.from('ab') },
    )
    assert.deepEqual(reply, { ok: true, address: '10.0.0.1:80' })
    const seen = collect()
    stream.bind(seen)
    stream.send(Buffer.from('cd'))
    stream.end()
    await seen.ended
    assert.equal(seen.bytes().toString(), 'abcd')
    await assert.rejects(client.open({ service: 'dns' }), (error) => {
      assert.ok(error instanceof StreamRefused)
      assert.equal(error.code, 'unknown')
      return true
    })
    client.close()
  })

  it('who opened a stream is told once when it is over: ended by both, reset, or with its session', async () => {
    const [client, server] = await pair()
    const accepted: Stream[] = []
    void serve(server, (opening) => {
      const stream = opening.accept()
      stream.bind({ onData() {}, onEnd: () => stream.end(), onDrain() {}, onClose() {} })
      accepted.push(stream)
    })
    const over: string[] = []
    const opened = async (name: string): Promise<{ stream: Stream; isOver: Promise<void> }> => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const onOver = (): void => {
        over.push(name)
        resolve()
      }
      const { stream } = await client.open({ service: 'control' }, { onOver })
      stream.bind({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} })
      return { stream, isOver: promise }
    }
    const [ended, here, there, left] = [
      await opened('ended'),
      await opened('here'),
      await opened('there'),
      await opened('left'),
    ]
    ended.stream.end()
    await ended.isOver
    here.stream.reset('cancel')
    await here.isOver
    accepted[2]?.reset('cancel')
    await there.isOver
    assert.deepEqual(over, ['ended', 'here', 'there'])
    client.close()
    await left.isOver
    assert.deepEqual(over, ['ended', 'here', 'there', 'left'])
  })

  it('what came before bind is kept', async () => {
    const [client, server] = await pair()
    const opened = client.open({ service: 'dns' })
    await turn()
    await turn()
    void serve(server, (opening) => void opening.accept().bind(collect()))
    await opened
    client.close()
  })

  it('the opener gives up: the far end hears of it', async () => {
    const [client, server] = await pair()
    const abort = new AbortController()
    const heard = new Promise<void>((resolve) => {
      void serve(server, ({ signal }) => {
        signal.addEventListener('abort', () => resolve())
        abort.abort(new Error('enough'))
      })
    })
    await assert.rejects(client.open({ service: 'dns' }, { signal: abort.signal }), /enough/)
    await heard
    client.close()
  })

  it('ends with its link, and every stream with it', async () => {
    const [client, server] = await pair()
    void serve(server, (opening) => void opening.accept().bind(collect()))
    const closed = serve(client, () => {})
    const { stream } = await client.open({ service: 'dns' })
    const seen = collect()
    stream.bind(seen)
    server.close(new Error('draining'))
    assert.equal((await closed)?.message, 'draining')
    assert.deepEqual(await seen.closed, { code: 'lost', message: 'draining' })
  })

  it('three silent seconds end it; a process that stood still does not blame the far end', async () => {
    const clock = new FakeClock()
    // The server's clock never moves: it sends no pings of its own, and answers those of the client.
    const [client, server] = await pair({ clock }, { clock: new FakeClock() })
    const closed = serve(client, () => {})
    void serve(server, () => {})
    clock.advance(0)
    for (let i = 0; i < 5; i++) {
      const before = client.silentMs
      clock.advance(1000)
      while (client.silentMs >= before + 1000) await turn()
    }
    // No turn of the event loop passes here: nothing can be heard.
    for (let i = 0; i < 4; i++) clock.advance(1000)
    assert.match((await closed)?.message ?? '', /silent for 3 s/)
  })
})
