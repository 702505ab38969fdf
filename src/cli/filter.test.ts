import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../lib/fault.ts'
import { compileFilter } from '../lib/filter/compile.ts'
import { requestOf } from '../lib/filter/fixtures/request.ts'
import { filterOf } from './filter.ts'
import { FILTER_OPTIONS } from './filter-options.ts'
import { parse } from './parse.ts'

const COMMAND = {
  name: 'intercept',
  summary: '',
  args: [],
  options: [...FILTER_OPTIONS, { flags: '--port <port>', summary: '', repeated: true }],
  examples: [],
  run: async () => 0,
}

function filterFor(...argv: string[]): string | undefined {
  const parsed = parse(COMMAND, argv)
  assert.ok('call' in parsed)
  return filterOf(COMMAND, parsed.call)
}

describe('options of filters', () => {
  it('are joined in their order, each as it was negated', () => {
    assert.equal(filterFor(), undefined)
    assert.equal(filterFor('--all'), '')
    assert.equal(filterFor('--filter', 'true'), 'true')
    assert.equal(filterFor('--not', '--filter', 'true || false'), '!(true || false)')
    assert.equal(
      filterFor('--path', '/a', '--not', '--header', 'A=1', '--port', '80', '--header=b=2', '--filter', 'true // so'),
      'request.path == "/a" && request.headers["a"] != "1" && request.headers["b"] == "2" && (true // so\n)',
    )
    assert.equal(filterFor('--not', '--header', 'x=*'), 'request.headers["x"] == ""')
    assert.equal(filterFor('--header', 'x=a=b'), 'request.headers["x"] == "a=b"')
    assert.equal(filterFor('--sni', 'Shop.example'), 'request.sni == "shop.example"')
    assert.equal(filterFor('--sni', 'api.*', '--path', '/a'), 'request.sni.startsWith("api.") && request.path == "/a"')
  })

  it('take calls of gRPC, negated as a whole', () => {
    const both = 'grpc.service == "shop.v1.Orders" && grpc.method == "Get"'
    assert.equal(filterFor('--grpc', 'shop.v1.Orders'), 'grpc.service == "shop.v1.Orders"')
    assert.equal(filterFor('--grpc', 'shop.v1.Orders/Get'), both)
    assert.equal(
      filterFor('--grpc', '/shop.v1.Orders/Get', '--header', 'a=b'),
      `${both} && request.headers["a"] == "b"`,
    )
    assert.equal(filterFor('--not', '--grpc', 'shop.v1.Orders/Get'), `!(${both})`)
    assert.equal(filterFor('--not', '--grpc', 'shop.v1.*'), '!grpc.service.startsWith("shop.v1.")')
    assert.equal(filterFor('--grpc', '*'), 'grpc.service != ""')
    assert.equal(
      filterFor('--grpc', '~Orders$/Get*'),
      'grpc.service.matches("Orders$") && grpc.method.startsWith("Get")',
    )
  })

  const MISTAKES: [string[], RegExp][] = [
    [['--all', '--path', '/a'], /--all takes everything/],
    [['--grpc', 'Orders/'], /has no method: say package\.Service\/Method/],
    [['--grpc', ''], /has no service/],
    [['--grpc', 'a b'], /"a b" cannot be the name of a service/],
    [['--grpc', 'proxy/shop.Orders/Get'], /"proxy\/shop.Orders" cannot be the name of a service/],
    [
      ['--grpc', 'shop.Orders', '--grpc', 'shop.Stock'],
      /No request matches --grpc shop\.Orders and --grpc shop\.Stock/,
    ],
    [['--grpc', 'A', '--grpc', 'B'], /say --grpc '~\^\(A\|B\)\$'/],
    [['--grpc', 'A/Get', '--grpc', 's.B/Put'], /say --path '~\^\/\(A\/Get\|s\\\.B\/Put\)\$'/],
    [['--grpc', 'A/Get', '--grpc', 'A/Put'], /say --path '~\^\/\(A\/Get\|A\/Put\)\$'/],
    [
      ['--grpc', 'A/Get', '--grpc', 'B'],
      /say --filter '\(grpc\.service == "A" && grpc\.method == "Get"\) \|\| grpc\.service == "B"'/,
    ],
    [['--sni', ''], /--sni is empty/],
    [['--sni', 'https://a.example'], /--sni is "https:\/\/a.example", but a name has no \/ and no :/],
    [['--sni', 'a.example:443'], /but a name has no/],
    [['--grpc', 'A/Get', '--path', '/a'], /No request matches --grpc A\/Get and --path \/a, and all/],
    [
      ['--grpc', 'A/Get', '--method', 'GET'],
      /No request matches --grpc A\/Get and --method GET, and all options must hold; calls of gRPC are POST; a method of a service/,
    ],
    [['--grpc', '~^(A|B)$', '--method', '~^(GET|PUT)$'], /No request matches.*calls of gRPC are POST/],
    [['--grpc', '*', '--not', '--method', 'POST'], /calls of gRPC are POST/],
    [
      ['--filter', 'grpc.method == "Get" && request.method == "GET"'],
      /No request matches --filter [^,]*; calls of gRPC/,
    ],
    [['--grpc', 'A', '--method', 'GET', '--method', 'PUT'], /No request matches --grpc A and --method GET and/],
    [['--path', '/a', '--path', '~^/b'], /No request matches --path \/a and --path ~\^\/b/],
    [['--path', 'api'], /paths begin with \//],
    [['--path', '/a?b=1'], /--query/],
    [['--header', 'x'], /must be name=value/],
    [['--header', 'a b=1'], /cannot be the name of a header/],
    [['--cookie', '=1'], /must be name=value/],
    [['--path', '~'], /no regular expression/],
    [['--filter', ' '], /--filter is empty/],
    [['--filter', 'true) || (true'], /parentheses/],
    [['--path', '/a', '--filter', '(true'], /parentheses/],
    [['--path', '/a', '--not'], /--not stands before/],
    [['--not', '--port', '80', '--path', '/a'], /--not stands before/],
    [['--not', '--all'], /--not stands before/],
    [['--method', 'POST,PUT'], /one method, not "POST,PUT"; for any of several say --method '~\^\(POST\|PUT\)\$'/],
    [['--method', 'P T'], /cannot be a method/],
    [['--method', 'GET', '--method', 'post'], /--method GET and --method post.*--method '~\^\(GET\|POST\)\$'/],
    [
      ['--header', 'a=1', '--path', '/b', '--header', 'A=2'],
      /--header a=1 and --header A=2, .*--header 'a=~\^\(1\|2\)\$'/,
    ],
    [['--path', '/a', '--not', '--path', '/a*'], /--path \/a and --not --path \/a\*, and all options must hold\.$/],
    [['--method', 'GET', '--filter', 'request.method == "PUT" && true'], /--method GET and --filter request/],
    [['--query', 'a=', '--query', 'a=*'], /No request matches/],
    [['--header', 'x=a\nb'], /line breaks/],
    [['--header', 'x= a'], /blanks around/],
    [['--cookie', 'x=a;b'], /semicolon/],
    [['--cookie', 'x="a"'], /quotes/],
    [['--path', '/a b'], /%20/],
  ]
  for (const [argv, message] of MISTAKES) {
    it(`${argv.join(' ')} is refused`, () => {
      assert.throws(
        () => filterFor(...argv),
        (error) => error instanceof Fault && error.code === 'RC-U-101' && message.test(error.message),
      )
    })
  }

  it('may be about one thing when a request can have it', () => {
    assert.equal(
      filterFor('--path', '/a*', '--not', '--path', '/ab*', '--path', '~b', '--method', '~^(POST|PUT)$'),
      'request.path.startsWith("/a") && !request.path.startsWith("/ab") && request.path.matches("b") && request.method.matches("^(POST|PUT)$")',
    )
    assert.equal(filterFor('--header', 'x=~ a$'), 'request.headers["x"].matches(" a$")')
  })

  it('an expression may have parentheses in its texts and comments', () => {
    const cel = 'request.path != ")" && (true) // :)'
    assert.equal(filterFor('--path', '/a', '--filter', cel), `request.path == "/a" && (${cel}\n)`)
  })

  it('match the value that was given, whatever it is', async () => {
    const value = fc.string({ unit: fc.constantFrom('a', '*', '~', '\\', '"', "'", '=', '&', ' ', '.'), maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(value, async (text) => {
        const sent = text.trim()
        const literal = sent.replace(/^~/, '\\~').replace(/\*$/, '\\*')
        const [exact, prefix] = [filterFor('--header', `x=${literal}`), filterFor('--header', `x=${sent}*`)]
        const request = requestOf({ headers: { x: sent } })
        // A backslash before the last star, or before the first tilde, would have to be doubled: such a value is for --filter.
        if (!/^\\~|\\\*$/.test(sent)) assert.equal((await compileFilter(exact ?? '')).matches(request), true, exact)
        if (!/^\\?~|\\$/.test(sent) && sent !== '')
          assert.equal((await compileFilter(prefix ?? '')).matches(request), true, prefix)
      }),
    )
  })
})
