import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { main } from '../main.ts'

const REQUEST = 'GET /api/7 HTTP/1.1\nHost: orders\nX-User: bob\n'

describe('remocal filter test', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'remocal-filter-'))
  after(() => rmSync(cwd, { recursive: true }))
  writeFileSync(join(cwd, 'request.txt'), REQUEST)

  async function run(stdin: string, ...argv: string[]): Promise<{ exit: number; out: string; err: string }> {
    const [out, err]: [string[], string[]] = [[], []]
    const exit = await main(['filter', ...argv], {
      stdout: (text) => void out.push(text),
      stderr: (text) => void err.push(text),
      stdin: async () => Buffer.from(stdin),
      env: { REMOCAL_HOME: join(cwd, 'home') },
      cwd,
      entry: join(cwd, 'remocal.mjs'),
      terminal: false,
    })
    return { exit, out: out.join(''), err: err.join('') }
  }

  it('says whether a request in a file matches, and each part', async () => {
    const { exit, out, err } = await run('', 'test', 'request.headers["x-user"] == "bob"', '--request', 'request.txt')
    assert.deepEqual([exit, err], [0, ''])
    assert.equal(
      out,
      [
        'matches  request.headers["x-user"] == "bob"',
        '',
        'EXPRESSION                          VALUE',
        'request.headers["x-user"] == "bob"  true',
        '  request.headers["x-user"]         "bob"',
        '',
      ].join('\n'),
    )
  })

  it('takes options, the standard input and -o json; what does not match is 79', async () => {
    const { exit, out } = await run(
      REQUEST,
      'test',
      '--path',
      '/api/*',
      '--not',
      '--header',
      'x-user=b*',
      '--request',
      '-',
      '-o',
      'json',
    )
    assert.equal(exit, 79)
    const told = JSON.parse(out)
    assert.equal(told.matches, false)
    assert.equal(told.filter, 'request.path.startsWith("/api/") && !request.headers["x-user"].startsWith("b")')
    assert.deepEqual(told.parts.at(-1), { text: 'request.headers["x-user"]', depth: 3, value: 'bob' })
    assert.ok(told.steps > 0 && told.steps < told.stepsAllowed)
  })

  it('takes the options of intercept, together', async () => {
    const both = ['--path', '/api/*', '--not', '--filter', 'request.method == "PUT"', '--request', '-', '-o', 'json']
    const { exit, out } = await run(REQUEST, 'test', ...both)
    assert.equal(exit, 0)
    assert.equal(JSON.parse(out).filter, 'request.path.startsWith("/api/") && !(request.method == "PUT")')
    const all = await run(REQUEST, 'test', '--all', '--request', '-')
    assert.deepEqual([all.exit, all.out], [0, 'matches  everything\n'])
  })

  it('refuses what agents refuse, in their words', async () => {
    const smuggled = `${REQUEST}Content-Length: 5\nTransfer-Encoding: chunked\n\n`
    const { exit, err } = await run(smuggled, 'test', 'true', '--request', '-')
    assert.equal(exit, 65)
    assert.match(err, /both Content-Length and Transfer-Encoding are given/)
    // What to do is said once.
    assert.equal(err.match(/remocal explain RC-U-103/g)?.length, 1)
  })

  it('says why an expression fails', async () => {
    const { exit, out } = await run(REQUEST, 'test', 'int(request.headers["x-user"]) > 3', '--request', '-')
    assert.equal(exit, 79)
    assert.match(out, /^does not match: a string is no whole number/)
  })

  it('shows the place of a mistake', async () => {
    const { exit, err } = await run(REQUEST, 'test', 'true && request.pth == "/"', '--request', '-')
    assert.equal(exit, 64)
    assert.equal(err.match(/remocal explain/g)?.length, 1)
    assert.match(err, /no such key: pth; did you mean path\.\ntrue && request\.pth == "\/"\n {16}\^ {2}\[RC-U-102\]/)
  })

  it('points into an expression as it was typed, also beside other options', async () => {
    for (const [filter, shown] of [
      [
        'request.pth == "/"',
        'no such key: pth; did you mean path. Nothing was changed.\nrequest.pth == "/"\n        ^',
      ],
      ['size(request.path', 'expected ")", got the end. Nothing was changed.\nsize(request.path\n                 ^'],
    ] as const) {
      const { exit, err } = await run(REQUEST, 'test', '--path', '/a', '--filter', filter, '--request', '-')
      assert.equal(exit, 64)
      assert.ok(err.includes(shown), err)
    }
  })

  it('says why there is no body, where the filter asks for it', async () => {
    const head = 'POST /a HTTP/1.1\nHost: a\nContent-Type: application/json\n'
    const curl =
      '> POST /a HTTP/1.1\n> Host: a\n> Content-Type: application/json\n> Content-Length: 8\n>\n< HTTP/1.1 200 OK\n'
    for (const [stdin, why] of [
      [`${head}\n{"a":`, /request\.body is absent: it is no JSON/],
      [`${head}\n"${'x'.repeat(70_000)}"`, /it has 70002 bytes, and filters see 65536 at most/],
      [`${head}\n`, /the request has none/],
      ['POST /a HTTP/1.1\nHost: a\n\n{}', /its Content-Type is absent, not JSON's/],
      [curl, /curl -v prints no body/],
    ] as const) {
      const { exit, err } = await run(stdin, 'test', 'request.body.a == 1', '--request', '-')
      assert.equal(exit, 79)
      assert.match(err, why)
      assert.equal((await run(stdin, 'test', 'request.path == "/a"', '--request', '-')).err, '')
    }
  })

  it('compares what is typed with what is sent as UTF-8', async () => {
    const request = 'GET /caf\u00e9?q=\u00e9 HTTP/1.1\nHost: a\nX-Name: Ren\u00e9\nX-Face: 😀\nCookie: c=\u00e9\n'
    const typed = ['--header', 'x-name=René', '--header', 'x-face=😀', '--cookie', 'c=é', '--path', '/caf*']
    assert.equal((await run(request, 'test', ...typed, '--request', '-')).exit, 0)
    const pattern = ['--header', 'x-name=~^Ren.$', '--filter', 'size(request.headers["x-face"]) == 1', '--query', 'q=é']
    assert.equal((await run(request, 'test', ...pattern, '--request', '-')).exit, 0)
    const every = 'request.headers.exists(name, request.headers[name] == "René")'
    assert.equal((await run(request, 'test', every, '--request', '-')).exit, 0)
    assert.equal((await run(request, 'test', '--header', 'x-name=Rene', '--request', '-')).exit, 79)
  })

  it('shows numbers as numbers, in all their digits', async () => {
    const request =
      'POST /a HTTP/1.1\nHost: a\nContent-Type: application/json\n\n{"id": 9007199254740993, "far": 1e400}'
    const { out } = await run(request, 'test', 'request.body.id == 9007199254740993', '--request', '-')
    assert.match(out, /request\.body\.id {2,}9007199254740993\n/)
    const json = await run(request, 'test', 'request.body.far > 1', '--request', '-', '-o', 'json')
    assert.match(json.out, /"text":"request\.body\.far","depth":1,"value":1e400/)
  })

  it('says what is wrong with the request', async () => {
    for (const [stdin, file, why] of [
      ['hello', '-', /the standard input holds no HTTP request: the request line is malformed/],
      ['', '-', /the standard input holds no HTTP request: it is empty/],
      ['', 'absent.txt', /Cannot read absent\.txt: no such file or directory/],
    ] as const) {
      const { exit, err } = await run(stdin, 'test', 'true', '--request', file)
      assert.equal(exit, 65)
      assert.match(err, why)
      assert.match(err, /RC-U-103/)
    }
  })

  it('takes a line of intercept as it is, and says what of it does not matter', async () => {
    const line = ['deploy/orders', '-n', 'shop', '--header', 'x-user=bob', '--port', '8080:9090', '--priority', '2']
    const more = ['--if-down', 'error', '--plaintext', '--reopen', '--request', '-', '--', 'node', 'orders.js']
    const { exit, out, err } = await run(REQUEST, 'test', ...line, ...more)
    assert.equal(exit, 0)
    assert.match(out, /^matches {2}request\.headers\["x-user"\] == "bob"/)
    for (const what of ['deploy/orders', '--port', '--priority', '--if-down', '--plaintext', '--reopen', 'node']) {
      assert.match(err, new RegExp(`^note: ${what} (does not matter here|is not)`, 'm'))
    }
    assert.equal((await run(REQUEST, 'test', 'orders', '--path', '/api/*', '--request', '-')).exit, 0)
    const wrong = await run(REQUEST, 'test', 'orders', '--all', '--priority', 'high', '--request', '-')
    assert.deepEqual([wrong.exit, /--priority is a whole number/.test(wrong.err)], [64, true])
    const marked = await run(REQUEST, 'test', 'deploy/orders', '--request', '-')
    assert.deepEqual([marked.exit, /your mark is meant/.test(marked.err)], [64, true])
  })

  it('is told what is missing', async () => {
    for (const [argv, why] of [
      [['test', 'true'], /--request is missing/],
      [['test', '--request', '-'], /The filter is missing/],
      [['test', 'true', '--path', '/a', '--request', '-'], /not both/],
      [['test', 'true', 'x', 'y', '--request', '-'], /"x" "y" are 2 arguments too many; it takes only action and cel/],
      [['test', 'true', '--prot', '80', '--request', '-'], /no option --prot; did you mean --port/],
      [['tast', 'true', '--request', '-'], /"tast" is no action of filter/],
    ] as const) {
      const { exit, err } = await run(REQUEST, ...argv)
      assert.equal(exit, 64)
      assert.match(err, why)
    }
  })
})
