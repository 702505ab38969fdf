import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FilterError } from '../filter-error.ts'
import { compileCel } from './filter.ts'

/** What is asked; undefined: nothing is. */
const HINTS: Record<string, string | undefined> = {
  'request.headers.x-user == "bob"': 'request.headers["x-user"]',
  'true && request.headers.x-user-id.startsWith("a")': 'request.headers["x-user-id"]',
  'request.body.a.b-c == 1': 'request.body.a["b-c"]',
  'jwt.claims.realm-access.roles == []': 'jwt.claims["realm-access"]',
  'request.query.x-1 == "a"': 'request.query["x-1"]',
  'true and false': '&&',
  'request.path == "/" or true': '||',
  'request.path == "and" AND true': '&&',
  'not true': '!',
  'true && not (request.path == "/")': '!',
  'request.path = "/a"': '==',
  'request.path =~ "/a"': '.matches("…")',
  'true & true': '&&',
  'request.path.startswith("/a")': '.startsWith(…)',
  'request.path.includes("/a")': '.contains(…)',
  'lower(request.path) == "/a"': '.lowerAscii(…)',
  'request.marks.some(m, m == "a")': '.exists(…)',
  'request.pth == "/"': 'path',
  'request.header["a"] == "b"': 'headers',
  'source.namspace == "a"': 'namespace',
  'reqest.path == "/"': 'request',
  'path == "/"': 'request.path',
  'request.path.startsWith(1)': undefined,
  'unheardOf == 1': undefined,
  'request.path == "/a': undefined,
  'request.headers["x and y"] == 1 +': undefined,
}

describe('what was meant', () => {
  for (const [cel, meant] of Object.entries(HINTS)) {
    it(`${cel} asks ${meant ?? 'nothing'}`, () => {
      assert.throws(
        () => compileCel(cel),
        (error) => {
          assert.ok(error instanceof FilterError)
          assert.equal(/; did you mean (.*)$/.exec(error.message)?.[1], meant, error.message)
          return true
        },
      )
    })
  }
})
