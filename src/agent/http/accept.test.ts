import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { createServer } from 'node:net'
import { after, describe, it } from 'node:test'
import { closePlaces, dial, echo, exchange, get, inTime, place } from './fixtures/place.ts'

after(closePlaces)

describe('connections that were taken over', { timeout: 30_000 }, () => {
  it('requests of one connection go where each belongs, answers in order', async () => {
    const { port, laptop } = await place()
    const all = await exchange(
      port,
      get('/1') + get('/2', 'X-User: jane') + get('/3') + get('/4', 'X-User: jane') + get('/5', 'Connection: close'),
    )
    assert.deepEqual(all.match(/(app|laptop) GET \/\d/g), [
      'app GET /1',
      'laptop GET /2',
      'app GET /3',
      'laptop GET /4',
      'app GET /5',
    ])
    assert.equal(laptop.opened, 1)
  })

  it('what passes is what was sent, byte by byte', async () => {
    const { port, appPort } = await place()
    const undated = (text: string): string => text.replaceAll(/Date: .*\r\n/g, '')
    for (const request of [
      get('/trailers', 'Connection: close'),
      get('/empty', 'Connection: close'),
      get('/big', 'Connection: close'),
      `HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      `POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\nxyz\r\n0\r\nT: 1\r\n\r\n`,
      `POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello`,
      `GET /old HTTP/1.0\r\n\r\n`,
      `POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok`,
    ]) {
      assert.equal(undated(await exchange(port, request)), undated(await exchange(appPort, request)), request)
    }
  })

  it('a large body goes to the laptop whole', async () => {
    const { port } = await place()
    const body = Buffer.alloc(12 * 1024 * 1024, 'b')
    const head = `POST /up HTTP/1.1\r\nHost: x\r\nX-User: jane\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`
    assert.match(await exchange(port, Buffer.concat([Buffer.from(head), body])), /laptop POST \/up 12582912/)
  })

  it('a laptop on which nothing listens: the app answers, and again the laptop when it is back', async () => {
    const { port, laptop } = await place()
    laptop.up = false
    assert.match(await exchange(port, get('/1', 'X-User: jane', 'Connection: close')), /app GET/)
    laptop.up = true
    assert.match(await exchange(port, get('/1', 'X-User: jane', 'Connection: close')), /laptop GET/)
  })

  it('a laptop that is lost before it answers: 503 with a code; after: the answer is cut', async () => {
    const cutting = createServer((socket) => {
      socket.once('data', (bytes) => {
        if (bytes.includes('/late')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
        setImmediate(() => socket.resetAndDestroy())
      })
    })
    const { port } = await place(echo('app'), cutting)
    assert.match(
      await exchange(port, get('/1', 'X-User: jane'), { end: false }),
      /^HTTP\/1\.1 503 [\s\S]*x-remocal-error: RC-E-310/,
    )
    await assert.rejects(exchange(port, get('/late', 'X-User: jane'), { end: false }), /ECONNRESET/)
  })

  it('upgraded connections pass both ways', async () => {
    const server = http.createServer()
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n')
      socket.pipe(socket)
    })
    const { port } = await place(echo('app'), server)
    const socket = await dial(port)
    socket.write(get('/chat', 'X-User: jane', 'Upgrade: echo', 'Connection: Upgrade'))
    const [head] = await once(socket, 'data')
    assert.match(String(head), /^HTTP\/1\.1 101/)
    socket.end('hello')
    assert.equal(Buffer.concat(await socket.toArray()).toString(), 'hello')
  })

  it('what a client sends before the upgrade is answered reaches the other end after it', async () => {
    const server = http.createServer()
    server.on('upgrade', (_request, socket, head) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n')
      socket.write(head)
      socket.pipe(socket)
    })
    const { port } = await place(echo('app'), server)
    const upgrade = get('/chat', 'X-User: jane', 'Upgrade: echo', 'Connection: Upgrade')
    assert.match(await exchange(port, `${upgrade}early`), /^HTTP\/1\.1 101[\s\S]*\r\n\r\nearly$/)
  })

  it('CONNECT that is granted passes bytes both ways', async () => {
    const server = http.createServer()
    server.on('connect', (_request, socket) => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n')
      socket.pipe(socket)
    })
    const { port } = await place(server)
    const answer = await exchange(port, 'CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n\0\x01 GET')
    assert.equal(answer, 'HTTP/1.1 200 Connected\r\n\r\n\0\x01 GET')
  })

  it('an answer before the end of the request: what follows of its body is never taken for a request', async () => {
    const app = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end('HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'))
    })
    const { port, decided } = await place(app)
    const socket = await dial(port)
    socket.write('POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n')
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1\.1 413/)
    socket.end(get('/smuggled'))
    await once(socket, 'close')
    assert.deepEqual(decided, ['app POST /big'])
  })

  it('an answer before the end of a body that then comes whole: nothing of that body is a request', async () => {
    const app = http.createServer((request, response) => {
      response.end('early')
      request.resume()
    })
    const { port, decided } = await place(app)
    const hidden = get('/smuggled', 'X-User: jane')
    const client = await dial(port)
    let text = ''
    client.on('data', (bytes: Buffer) => {
      text += bytes.toString()
    })
    client.write(`POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: ${hidden.length}\r\n\r\n`)
    while (!text.endsWith('early')) await once(client, 'data')
    client.write(hidden + get('/next', 'Connection: close'))
    await once(client, 'end')
    client.destroy()
    assert.deepEqual(decided, ['app POST /upload', 'app GET /next'])
    assert.equal(text.match(/early/g)?.length, 2)
  })

  it('thousands of informational answers in one read are passed on', async () => {
    const flood = `${'HTTP/1.1 100\r\n\r\n'.repeat(16_000)}HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok`
    const { port } = await place(createServer((socket) => socket.once('data', () => socket.end(flood))))
    assert.equal(await exchange(port, get('/'), { end: false }), flood)
  })

  it('an answer that cannot be read is passed on as it is, and nothing is asked behind it', async () => {
    const answers = ['HTTP/1.1 200 OK\nContent-Length: 2\n\nok', 'HTTP/1.1 200 OK\r\nA : b\r\n\r\nok', 'hello\r\n\r\n']
    for (const text of answers) {
      const { port, decided } = await place(createServer((socket) => socket.once('data', () => socket.end(text))))
      assert.equal(await exchange(port, get('/1') + get('/2'), { end: false }), text)
      assert.deepEqual(decided, ['app GET /1'])
    }
  })

  it('the app that closes without an answer is seen closing; that resets, resetting', async () => {
    const ending = createServer((socket) => socket.once('data', () => socket.end()))
    assert.equal(await exchange((await place(ending)).port, get('/'), { end: false }), '')
    const resetting = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
    await assert.rejects(exchange((await place(resetting)).port, get('/'), { end: false }), /ECONNRESET/)
  })

  it('a kept stream to a laptop that ends when the next request comes: the request goes there once more', async () => {
    const answersOnce = createServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        socket.once('data', () => socket.end())
      })
    })
    const { port } = await place(echo('app'), answersOnce)
    const both = get('/1', 'X-User: jane') + get('/2', 'X-User: jane', 'Connection: close')
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
    assert.equal(await exchange(port, both, { end: false }), answer + answer)
  })

  it('a kept stream to the app that ends when the next request comes is a closed connection, not an error', async () => {
    const answersOnce = createServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        socket.once('data', () => socket.end())
      })
    })
    const { port } = await place(answersOnce)
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
    assert.equal(await exchange(port, get('/1') + get('/2'), { end: false }), answer)
  })

  it('an app that closes idle connections closes the client with them', async () => {
    const app = http.createServer((_request, response) => response.end('ok'))
    app.keepAliveTimeout = 1
    const { port } = await place(app)
    assert.match(await exchange(port, get('/'), { end: false }), /ok$/)
  })

  it('a client that goes while it waits is gone for the app too', async () => {
    const app = createServer()
    const { port } = await place(app)
    const connected = once(app, 'connection')
    const socket = await dial(port)
    socket.write(get('/'))
    const [served] = await connected
    await once(served, 'data')
    socket.resetAndDestroy()
    const [error] = await once(served, 'error')
    assert.equal(error.code, 'ECONNRESET')
  })

  for (const [what, request] of [
    ['pipelined requests', get('/1', 'X-User: jane') + get('/2')],
    ['an upload', 'POST / HTTP/1.1\r\nHost: x\r\nX-User: jane\r\nContent-Length: 90000000\r\n\r\n'],
  ] as const) {
    it(`a client that goes while it is held is gone for the laptop too: ${what}`, async () => {
      const laptop = createServer({ pauseOnConnect: true }).on('connection', (socket) => socket.on('error', () => {}))
      const { port, clock } = await place(undefined, laptop)
      const connected = once(laptop, 'connection')
      const client = await dial(port)
      client.write(request)
      if (what === 'an upload') {
        // More than all buffers on the way hold.
        client.write(Buffer.alloc(60_000_000))
        for (let before = -1; before !== client.bytesWritten - client.writableLength; ) {
          before = client.bytesWritten - client.writableLength
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
      const [served] = await connected
      const closed = new Promise((resolve) => served.resume().once('close', resolve))
      client.resetAndDestroy()
      await inTime(clock, closed)
    })
  }

  it('a client that reads slowly holds the app back, and gets all', async () => {
    const size = 64 * 1024 * 1024
    let written = 0
    const app = createServer((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
        const more = (): void => {
          while (written < size) {
            written += 65_536
            if (!socket.write(Buffer.alloc(65_536))) return
          }
        }
        socket.on('drain', more)
        more()
      })
    })
    const { port } = await place(app)
    const socket = await dial(port)
    socket.write(get('/', 'Connection: close'))
    const [first] = await once(socket, 'data')
    socket.pause()
    // Time for the app to write all if nobody held it: it is held when two looks in a row see the same.
    for (let before = -1; before !== written; ) {
      before = written
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.ok(written < size / 2, `${written} bytes were taken from the app`)
    socket.resume()
    let got = first.length
    for await (const bytes of socket) got += bytes.length
    assert.ok(got > size)
  })

  it('answers that their client reads late do not hold up the next ones', async () => {
    // Where the kernel's buffers end is not known: some of these answers end just behind, and wait in the agent when they are complete.
    const sizes = Array.from({ length: 40 }, (_, index) => 2_000_000 + index * 400_000)
    const app = http.createServer((request, response) => response.end(Buffer.alloc(Number(request.url?.slice(1)))))
    const { port } = await place(app)
    const client = await dial(port)
    for (const size of sizes) {
      client.pause()
      client.write(get(`/${size}`))
      for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve))
      for (let got = 0; got < size; ) {
        client.resume()
        got += ((await once(client, 'data')) as [Buffer])[0].length
      }
    }
    client.destroy()
  })

  it('200 mixed requests over few connections all get their own answers', async () => {
    const { port } = await place()
    const agent = new http.Agent({ keepAlive: true, maxSockets: 5 })
    const ask = (index: number): Promise<void> =>
      new Promise((resolve, reject) => {
        const to = index % 3 === 0 ? 'laptop' : 'app'
        const method = ['GET', 'POST', 'HEAD', 'PUT'][index % 4] ?? 'GET'
        const headers = {
          ...(to === 'laptop' && { 'X-User': 'jane' }),
          ...(index % 5 === 0 && { Expect: '100-continue' }),
        }
        const request = http.request({ port, host: '127.0.0.1', agent, method, path: `/${index}`, headers })
        const body = method === 'GET' || method === 'HEAD' ? '' : 'x'.repeat(index * 100)
        request.on('error', reject).on('response', async (response) => {
          const text = Buffer.concat(await response.toArray()).toString()
          assert.equal(response.headers['x-name'], to)
          if (method !== 'HEAD') assert.equal(text, `${to} ${method} /${index} ${body.length}`)
          resolve()
        })
        if (index % 5 === 0) request.on('continue', () => request.end(body)).flushHeaders()
        else if (index % 2 === 0) request.end(body)
        else {
          // Chunked.
          request.write(body.slice(0, 50))
          request.end(body.slice(50))
        }
      })
    await Promise.all(Array.from({ length: 200 }, (_, index) => ask(index)))
    agent.destroy()
  })

  it('what is not HTTP passes whole', async () => {
    for (const words of ['EHLO me\r\n', '\x16\x03\x01', 'PRI * HTTP/2.0\r\n\r\nno', '{"a":1}']) {
      const { port, decided } = await place(
        createServer((socket) => socket.on('data', (bytes) => socket.end(`got ${bytes}`))),
      )
      assert.equal(await exchange(port, words), `got ${words}`)
      assert.deepEqual(decided, [])
    }
  })

  it('a server that speaks first is heard after a second of silence', async () => {
    const { port, silence } = await place(createServer((socket) => socket.end('220 ready\r\n')))
    const silent = silence()
    const answer = exchange(port, '', { end: false })
    await silent
    assert.equal(await answer, '220 ready\r\n')
  })

  for (const raw of [false, true]) {
    it(`a client that speaks HTTP late is read still, beside ${raw ? 'a laptop' : 'an app'} that takes the rest`, async () => {
      const app = echo('app')
      const laptop = echo('laptop')
      const { port, silence, all } = await place(app, laptop)
      all.raw = raw
      const connected = once(raw ? laptop : app, 'connection')
      const silent = silence()
      const socket = await dial(port)
      await silent
      await connected
      socket.write(get('/1', 'X-User: jane') + get('/2', 'Connection: close'))
      assert.deepEqual(
        Buffer.concat(await socket.toArray())
          .toString()
          .match(/\w+ GET \S+/g),
        ['laptop GET /1', 'app GET /2'],
      )
    })
  }

  it('a whole connection goes to the app where nothing listens on the laptop', async () => {
    const raw = createServer((socket) => socket.on('data', (bytes) => socket.end(`got ${bytes}`)))
    const { port, laptop, all, counts } = await place(raw)
    Object.assign(laptop, { up: false })
    all.raw = true
    assert.equal(await exchange(port, '\0\x01'), 'got \0\x01')
    assert.equal(counts.unheard, 1)
  })

  const REFUSED: [string, string, number][] = [
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
    [
      'length and chunked',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['unknown coding', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n', 501],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400],
    ['a folded line', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n', 400],
    ['a bare line feed', 'GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n', 400],
    ['a NUL', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n', 400],
    ['a host with a blank', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
    ['a host with a path', 'GET / HTTP/1.0\r\nHost: a/b\r\n\r\n', 400],
    ['a huge head', `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(70_000)}\r\n\r\n`, 431],
  ]
  for (const [what, request, status] of REFUSED) {
    it(`${what} is refused with ${status} and never forwarded`, async () => {
      const app = http.createServer((_request, response) => response.end('forwarded'))
      const { port } = await place(app)
      const answer = await exchange(port, request, { end: false })
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
      assert.match(answer, /x-remocal-error: RC-E-320/)
    })
  }
})
