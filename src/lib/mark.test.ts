import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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
    [{ 'x-remocal': 'a', baggage: 'x-remocal=b', tracestate: 'x-remocal=c' }, ['a', 'b', 'c']],
    [{ baggage: 'x-remocal=%zz' }, ['%zz']],
    [{}, []],
  ]
  for (const [headers, marks] of CARRIED) {
    it(`${JSON.stringify(headers)} carries ${marks.join(' ') || 'none'}`, () => {
      assert.deepEqual(marksOf(new Map(Object.entries(headers))), marks)
    })
  }
})
