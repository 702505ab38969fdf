import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ChurnMap, ChurnSet } from './churn.ts'

const change = fc.record({ key: fc.nat(40), what: fc.constantFrom('set', 'set', 'delete', 'clear') })

describe('a map of what comes and goes', () => {
  test('is as a Map, also after it was made anew', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 1500, size: 'max' }), (changes) => {
        const churn = new ChurnMap<number, number>()
        const map = new Map<number, number>()
        for (const [at, { key, what }] of changes.entries()) {
          if (what === 'set') {
            churn.set(key, at)
            map.set(key, at)
          } else if (what === 'delete') assert.equal(churn.delete(key), map.delete(key))
          else if (key === 0) {
            churn.clear()
            map.clear()
          }
          assert.equal(churn.get(key), map.get(key))
        }
        assert.deepEqual([...churn], [...map])
        assert.deepEqual([...churn.keys()], [...map.keys()])
        assert.deepEqual([...churn.values()], [...map.values()])
        assert.equal(churn.size, map.size)
      }),
      { numRuns: 50 },
    )
  })

  test('may lose entries while it is looped over', () => {
    const set = new ChurnSet<number>()
    for (let number = 0; number < 1000; number++) {
      set.add(number)
      if (number >= 10) set.delete(number - 10)
    }
    const seen: number[] = []
    for (const number of set) {
      seen.push(number)
      set.delete(number)
      set.delete(number + 1)
    }
    assert.deepEqual(seen, [990, 992, 994, 996, 998])
    assert.equal(set.size, 0)
  })
})
