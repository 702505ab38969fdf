import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findCode } from './find-code.ts'

describe('findCode', () => {
  for (const typed of ['RC-I-204', 'rc-i-204', 'I-204', 'i204', 'RCI204', 'rc_i_204', '[RC-I-204]', '204']) {
    it(`takes ${typed} for RC-I-204`, () => assert.equal(findCode(typed), 'RC-I-204'))
  }

  const MEANT: [string, RegExp][] = [
    ['RC-C-1O2', /^RC-C-102/],
    ['RC-X-204', /^RC-I-204$/],
    ['RC-I-240', /^RC-I-204/],
    ['101', /^RC-U-101,RC-L-101,RC-C-101$/],
    ['RC-X-999', /^$/],
    ['orders', /^$/],
    ['', /^$/],
    ['RC', /^$/],
  ]
  for (const [typed, codes] of MEANT) {
    it(`says what ${typed} may mean`, () => {
      const found = findCode(typed)
      assert.ok(typeof found !== 'string')
      assert.match(found.join(), codes)
    })
  }
})
