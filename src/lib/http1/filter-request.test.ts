import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type RequestText, requestOf } from '../filter/fixtures/request.ts'
import { filterRequest } from './filter-request.ts'

describe('a request as filters see it', () => {
  it('has its path, query and host, of each form of the target', () => {
    const parts = (target: string): string[] => {
      const request = requestOf({ target })
      return [request.host, request.path, request.query('q')]
    }
    assert.deepEqual(parts('/a/b?q=1&q=2'), ['orders', '/a/b', '1'])
    assert.deepEqual(parts('/a?'), ['orders', '/a', ''])
    assert.deepEqual(parts('http://web:81/a?q=x'), ['web:81', '/a', 'x'])
    assert.deepEqual(parts('http://web?q=x'), ['web', '/', 'x'])
    assert.deepEqual(parts('*'), ['orders', '*', ''])
    assert.deepEqual(parts('/a//b/http://x?q=%2F+%zz'), ['orders', '/a//b/http://x', '/ %zz'])
  })

  it('joins repeated headers, cookies in their own way', () => {
    const request = requestOf({ headers: { 'X-A': ['1', '2'], Cookie: ['a=1', 'b="2"; c'] } })
    assert.equal(request.header('x-a'), '1, 2')
    assert.equal(request.headers.get('x-a'), '1, 2')
    assert.deepEqual([request.cookie('a'), request.cookie('b'), request.cookie('c')], ['1', '2', ''])
    assert.deepEqual(
      request.cookies,
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    )
  })

  it('goes through its lines for a few names only, then reads all once', () => {
    let scans = 0
    let reads = 0
    const lines: [string, string][] = Array.from({ length: 100 }, (_, at) => [`h${at}`, `v${at}`])
    const request = filterRequest({
      method: 'GET',
      target: '/',
      bytes: 1000,
      get headers() {
        reads++
        return lines
      },
      fields: {
        list(name) {
          scans++
          return lines.find(([own]) => own === name)?.[1] ?? ''
        },
      },
    })
    for (let turn = 0; turn < 2; turn++) {
      for (let at = 0; at < 120; at++) assert.equal(request.header(`h${at}`), at < 100 ? `v${at}` : '')
    }
    assert.deepEqual({ scans, reads }, { scans: 8, reads: 1 })
  })

  const word = fc.constantFrom('a', 'b', 'A', '%61', '%zz', '+', 'x y', '=', '&', ';', '', '"', ' ', '%', 'é')
  const text = fc.array(word, { maxLength: 12 }).map((all) => all.join('').replaceAll(' ', '+'))

  it('finds one parameter and one cookie as if it had read them all', () => {
    fc.assert(
      fc.property(text, text, fc.constantFrom('a', 'b', 'A', '', ' ', 'é', 'aa'), (query, cookie, name) => {
        const asked: RequestText = { target: `/?${query}`, headers: { cookie } }
        const theirs = new URLSearchParams(query)
        assert.equal(requestOf(asked).query(name), name === '' ? '' : (theirs.get(name) ?? ''))
        const all = requestOf(asked)
        assert.equal(all.queries.get(name) ?? '', requestOf(asked).query(name))
        assert.equal(all.cookies.get(name) ?? '', requestOf(asked).cookie(name))
        assert.equal(all.query(name), requestOf(asked).query(name))
      }),
      { numRuns: 2000 },
    )
  })

  it('looks at the first 1000 pairs', () => {
    const query = Array.from({ length: 1001 }, (_, index) => `k${index}=1`).join('&')
    const request = requestOf({ target: `/?${query}` })
    assert.deepEqual([request.query('k999'), request.query('k1000'), request.queries.size], ['1', '', 1000])
  })

  it('has the claims of a bearer token, unverified, and none of anything else', () => {
    const token = (payload: string): string => `e30.${Buffer.from(payload).toString('base64url')}.c2ln`
    const claims = (authorization: string): unknown => requestOf({ headers: { authorization } }).claims
    assert.deepEqual(claims(`Bearer ${token('{"sub":"jäne"}')}`), { sub: 'jäne' })
    assert.deepEqual(claims(`bearer  ${token('{"a":[1]}')}`), { a: [1n] })
    for (const none of [
      '',
      'Basic abc',
      'Bearer abc',
      `Bearer ${token('[1]')}`,
      `Bearer ${token('{')}`,
      `Bearer ${token('null')}`,
      'Bearer e30.$.x',
    ]) {
      assert.equal(claims(none), undefined, none)
    }
    assert.equal(requestOf().claims, undefined)
  })
})
