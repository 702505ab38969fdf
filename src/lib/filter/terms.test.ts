import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Budget } from './budget.ts'
import { compileCel } from './cel/filter.ts'
import { compileFilter } from './compile.ts'
import { readConjunction, readTerms } from './conjunction.ts'
import { curlRequest } from './curl.ts'
import { requests, terms } from './fixtures/arbitrary.ts'
import { requestOf } from './fixtures/request.ts'
import { normalize } from './normalize.ts'
import { type Term, writeTerm, writeTerms } from './term.ts'

describe('short forms', () => {
  it('say as CEL what they say', () => {
    const written: [Term, string][] = [
      [{ kind: 'header', name: 'X-User', value: 'j "x"' }, 'request.headers["x-user"] == "j \\"x\\""'],
      [{ kind: 'path', test: 'prefix', value: '/api/' }, 'request.path.startsWith("/api/")'],
      [{ kind: 'path', test: 'find', value: '^/a+$', not: true }, '!request.path.matches("^/a+$")'],
      [{ kind: 'query', name: 'Page', value: '2', not: true }, 'request.query["Page"] != "2"'],
      [{ kind: 'cookie', name: 'sid', value: '' }, 'request.cookies["sid"] == ""'],
      [{ kind: 'mark', mark: 'jane-7f3a', not: true }, '!("jane-7f3a" in request.marks)'],
    ]
    for (const [term, cel] of written) assert.equal(writeTerm(term), cel)
  })

  it('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.array(terms, { minLength: 1, maxLength: 4 }), (all) => {
        const plain = (term: Term): Term => {
          const { not, ...rest } = term
          return (not ? { ...rest, not } : rest) as Term
        }
        assert.deepEqual(readTerms(writeTerms(all))?.map(plain), all.map(plain))
      }),
    )
  })

  it('are read as people write them', () => {
    const same: Record<string, string> = {
      "request.headers['X-User']=='jane'": 'request.headers["x-user"] == "jane"',
      '( request . path . startsWith( "/a" ) )': 'request.path.startsWith("/a")',
      '!(request.path == "/a")': 'request.path != "/a"',
      '!(request.path != "/a")': 'request.path == "/a"',
      '!(!request.path.startsWith("/a"))': 'request.path.startsWith("/a")',
      'request.path.matches(r"^/\\d+$")': 'request.path.matches("^/\\\\d+$")',
      '!("m" in request.marks)': '!("m" in request.marks)',
      '(request.method == "GET" && ("m" in request.marks)) && request.host == "x"':
        'request.method == "GET" && "m" in request.marks && request.host == "x"',
    }
    for (const [cel, expected] of Object.entries(same)) assert.equal(writeTerms(readTerms(cel) ?? []), expected, cel)
  })

  it('beside something else are read as far as they go', () => {
    const { terms: some, whole } = readConjunction(
      'request.method == "GET" && (request.path == "/a" || true) && "a && b" in request.marks',
    )
    assert.equal(writeTerms(some), 'request.method == "GET" && "a && b" in request.marks')
    assert.equal(whole, false)
    for (const cel of [
      'request.method == "GET" || "m" in request.marks',
      'request.method == "GET" && true ? "m" in request.marks : false',
      '!(request.method == "GET" && "m" in request.marks)',
      '"m" in request.marks // && more',
      '!request.path == "/"',
    ]) {
      assert.deepEqual(readConjunction(cel), { terms: [], whole: false }, cel)
    }
  })

  it('match what the engine matches, on any request', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(terms, { minLength: 1, maxLength: 3 }),
        fc.array(requests, { minLength: 1, maxLength: 8 }),
        async (all, asked) => {
          const cel = writeTerms(all)
          const [filter, engine] = [await compileFilter(cel), compileCel(cel)]
          for (const text of asked) {
            assert.equal(
              filter.matches(requestOf(text)),
              engine.matches(requestOf(text), new Budget()),
              `${cel} on ${JSON.stringify(text)}`,
            )
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('give one text in any order, with any blanks', () => {
    const a = 'request.headers["a"]=="1"  &&  request.headers["b"] == "2"'
    const b = 'request.headers["b"] == "2" && request.headers["A"] == "1"'
    assert.equal(normalize(a), normalize(b))
    assert.notEqual(normalize(a), normalize('request.headers["a"] == "1"'))
    assert.equal(normalize(' request.method  ==\n"A  B"||true'), 'request.method=="A  B"||true')
    assert.equal(normalize('"a"  in  request.marks || true'), '"a"in request.marks||true')
  })

  it('tell how curl sends a request that matches', () => {
    const sent: Record<string, ReturnType<typeof curlRequest>> = {
      '': { flags: [], target: '/' },
      'request.headers["x-user"] == "j \\"x\\"" && "jane-7f3a" in request.marks': {
        flags: ['-H', 'x-remocal: jane-7f3a', '-H', 'x-user: j "x"'],
        target: '/',
      },
      'request.path.startsWith("/api/") && request.query["q"] == "a b" && request.method == "PUT"': {
        flags: ['-X', 'PUT'],
        target: '/api/?q=a+b',
      },
      'request.method != "GET" && request.cookies["sid"].startsWith("a") && request.headers["x"] != "y"': {
        flags: ['-X', 'POST', '-b', 'sid=a'],
        target: '/',
      },
      'request.headers["accept"] == ""': { flags: ['-H', 'accept:'], target: '/' },
    }
    for (const [cel, expected] of Object.entries(sent)) assert.deepEqual(curlRequest(cel), expected, cel)
    for (const cel of [
      'true',
      'request.path.matches("^/a")',
      'request.path == "/a" && request.path == "/b"',
      'request.host == "x"',
    ]) {
      assert.equal(curlRequest(cel), undefined, cel)
    }
  })
})
