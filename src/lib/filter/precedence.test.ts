import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byTurn } from './precedence.ts'

const MARK = '"jane-1" in request.marks'
const SHARED = 'request.path == "/a"'

test('who is asked first comes first: priority, personal before shared before all, age; then copies and watches', () => {
  const one = (
    name: string,
    filter: string,
    priority: number,
    minute: number,
    mode: 'intercept' | 'wiretap' | 'watch',
  ) => ({
    ...{ name, filter, priority, mode },
    since: `2026-01-01T00:0${minute}:00Z`,
  })
  const inOrder = [
    one('urgent', '', 5, 9, 'intercept'),
    one('mine', MARK, 0, 8, 'intercept'),
    one('older', SHARED, 0, 1, 'intercept'),
    one('younger', SHARED, 0, 2, 'intercept'),
    one('everything', '', 0, 0, 'intercept'),
    one('late', MARK, -1, 0, 'intercept'),
    one('copies', MARK, 9, 0, 'wiretap'),
    one('watch', '', 9, 0, 'watch'),
  ]
  const shuffled = [3, 7, 0, 5, 2, 6, 1, 4].flatMap((at) => inOrder[at] ?? [])
  assert.deepEqual(shuffled.toSorted(byTurn), inOrder)
})
