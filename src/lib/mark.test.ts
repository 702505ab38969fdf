import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { marksOf, personalMark } from './mark.ts'

describe('personal marks', () => {
  it('are stable for a person and a cluster, and differ between them', () => {
    const mark = personalMark('jane@example.com', 'key')
    assert.match(mark, /^jane-[0-9a-f]{4}$/)
    assert.equal(mark, personalMark('jane@example.com', 'key'))
    assert.notEqual(mark, personalMark('jane@example.com', 'other'))
    assert.match(personalMark('system:serviceaccount:shop:bob', 'key'), /^bob-/)
    assert.match(personalMark('Ünï Cödé', 'key'), /^[a-z0-9-]+-[0-9a-f]{4}$/)
    assert.match(personalMark('', 'key'), /^user-/)
  })

  const CARRIED: [Record<string, string>, string[]][] = [
    [{ 'x-remocal': 'jane-7f3a' }, ['jane-7f3a']],
    [{ 'x-remocal': ' a , b' }, ['a', 'b']],
    [{ baggage: 'userId=1;prop=x, x-remocal = jane%2D7f3a ;ttl=1,z=2' }, ['jane-7f3a']],
    [{ baggage: 'y-x-remocal=1' }, []],
    [{ tracestate: 'vendor=a:1,x-remocal=jane-7f3a' }, ['jane-7f3a']],
    [{ tracestate: 'a=1, ,x-remocal=jane-7f3a\t,b=2' }, ['jane-7f3a']],
    [{ tracestate: 'x-remocal=a,x-remocal=b' }, ['a']],
    [{ tracestate: 'x-remocal=a b' }, ['a b']],
    [{ tracestate: 'x-remocal =a' }, []],
    [{ tracestate: 'x-remocal=' }, []],
    [{ tracestate: 'x-remocal=a=b' }, []],
    [{ tracestate: 'X-Remocal=a,t@x-remocal=b' }, []],
    [{ tracestate: `${'k=1,'.repeat(31)}x-remocal=a` }, ['a']],
    [{ tracestate: `${'k=1,'.repeat(32)}x-remocal=a` }, []],
    [{ tracestate: `${'Bad=1,'.repeat(40)}x-remocal=a` }, ['a']],
    [{ baggage: 'x-remocal=a,x-remocal=b;p, x-remocal=c' }, ['a', 'b', 'c']],
    [{ baggage: 'x-remocal="a",x-remocal=a b,x-remocal=a\\b, x-remocal , x-remocal=ok' }, ['ok']],
    [{ baggage: 'x-remocal=%E2%9C%93,x-remocal=a%ffb,x-remocal=a+b' }, ['✓', 'a\ufffdb', 'a+b']],
    [{ baggage: 'X-Remocal=a' }, []],
    [{ 'x-remocal': 'a', baggage: 'x-remocal=b', tracestate: 'x-remocal=c' }, ['a', 'b', 'c']],
    [{ baggage: 'x-remocal=%zz' }, ['%zz']],
    [{}, []],
  ]
  for (const [headers, marks] of CARRIED) {
    it(`${JSON.stringify(headers)} carries ${marks.join(' ') || 'none'}`, () => {
      assert.deepEqual(marksOf({ header: (name) => headers[name] ?? '' }), marks)
    })
  }

  const header = (text: string): { header(name: string): string } => ({
    header: (name) => (name === NAME ? text : ''),
  })
  let NAME = ''
  const pieces = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'x-remocal',
          'x-remocal=',
          '=',
          ',',
          ';',
          ' ',
          '\t',
          'jane-1',
          'a',
          '%4a',
          '%',
          '"',
          '\\',
          'k=v',
          't@s=1',
          'é',
        ),
        fc.string({ maxLength: 3 }),
      ),
      { maxLength: 30 },
    )
    .map((all) => all.join(''))

  it('are read from baggage as a reader does it who goes octet by octet', () => {
    NAME = 'baggage'
    fc.assert(
      fc.property(pieces, (text) => assert.deepEqual(marksOf(header(text)), slowBaggage(text))),
      { numRuns: 3000 },
    )
  })

  it('are read from tracestate as a reader does it who goes octet by octet', () => {
    NAME = 'tracestate'
    fc.assert(
      fc.property(pieces, (text) => assert.deepEqual(marksOf(header(text)), slowTracestate(text))),
      { numRuns: 3000 },
    )
  })

  it('are read in a moment from lists that are made to take long', () => {
    for (const text of [
      ' '.repeat(65_000),
      'x-remocal ='.repeat(6000),
      `x-remocal=${' '.repeat(60_000)}a`,
      'x-remocal=%41,'.repeat(4500),
    ]) {
      for (NAME of ['x-remocal', 'baggage', 'tracestate']) {
        const startedAt = performance.now()
        marksOf(header(text))
        assert.ok(performance.now() - startedAt < 250, NAME)
      }
    }
  })
})

/** W3C Baggage §3.1, without a regular expression. */
function slowBaggage(text: string): string[] {
  return text.split(',').flatMap((member) => {
    const [pair = ''] = member.split(';')
    const at = pair.indexOf('=')
    if (at < 0 || strip(pair.slice(0, at)) !== 'x-remocal') return []
    const value = strip(pair.slice(at + 1))
    const isOctet = (char: string): boolean => char > ' ' && char <= '~' && !['"', ',', ';', '\\'].includes(char)
    if (value === '' || ![...value].every(isOctet)) return []
    const bytes: number[] = []
    for (let index = 0; index < value.length; index++) {
      const digits = value.slice(index + 1, index + 3)
      const isEscape =
        value[index] === '%' &&
        digits.length === 2 &&
        [...digits].every((one) => '0123456789abcdefABCDEF'.includes(one))
      bytes.push(isEscape ? Number.parseInt(digits, 16) : value.charCodeAt(index))
      if (isEscape) index += 2
    }
    return [Buffer.from(bytes).toString()]
  })
}

/** W3C Trace Context §3.3.1.3, without a regular expression. */
function slowTracestate(text: string): string[] {
  const members: [string, string][] = []
  for (const part of text.split(',').map(strip)) {
    const at = part.indexOf('=')
    const [key, value] = [part.slice(0, at), part.slice(at + 1)]
    if (at > 0 && isKey(key) && isValue(value)) members.push([key, value])
  }
  const own = members.slice(0, 32).find(([key]) => key === 'x-remocal')
  return own === undefined ? [] : [own[1]]
}

function isKey(key: string): boolean {
  const [tenant = '', system, ...more] = key.split('@')
  const isLetter = (char = ''): boolean => char >= 'a' && char <= 'z'
  const isRest = (rest: string): boolean => [...rest].every((char) => isLetter(char) || '0123456789_-*/'.includes(char))
  if (more.length > 0 || !isRest(tenant) || !isRest(system ?? '')) return false
  if (system === undefined) return isLetter(tenant[0]) && tenant.length <= 256
  const isFirst = isLetter(tenant[0]) || '0123456789'.includes(tenant[0] ?? 'x')
  return isFirst && tenant.length <= 241 && isLetter(system[0]) && system.length <= 14
}

function isValue(value: string): boolean {
  return (
    value !== '' &&
    value.length <= 256 &&
    !value.endsWith(' ') &&
    [...value].every((char) => char >= ' ' && char <= '~' && char !== ',' && char !== '=')
  )
}

function strip(text: string): string {
  let own = text
  while (own.startsWith(' ') || own.startsWith('\t')) own = own.slice(1)
  while (own.endsWith(' ') || own.endsWith('\t')) own = own.slice(0, -1)
  return own
}
