import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { madeOnce } from './made-once.ts'

const home = mkdtempSync(join(tmpdir(), 'made-once-'))
after(() => rmSync(home, { recursive: true }))

test('of two who make the same folder at once one is first, and neither sees what the other has begun', () => {
  const folder = join(home, 'cache', 'built')
  const made = madeOnce(folder, (fresh) => {
    writeFileSync(join(fresh, 'program'), 'half of it')
    // Another run begins later and is ready earlier.
    madeOnce(folder, (other) => {
      assert.deepEqual(readdirSync(other), [])
      writeFileSync(join(other, 'program'), 'of the other')
    })
    assert.equal(readFileSync(join(fresh, 'program'), 'utf8'), 'half of it')
  })
  assert.equal(made, folder)
  assert.equal(readFileSync(join(folder, 'program'), 'utf8'), 'of the other')
  assert.equal(statSync(folder).mode & 0o777, 0o755)
  assert.deepEqual(readdirSync(join(home, 'cache')), ['built'])
  madeOnce(folder, () => assert.fail('it is there'))
})

test('what fails leaves nothing', () => {
  const attempt = (): string =>
    madeOnce(join(home, 'none', 'built'), () => {
      throw new Error('no compiler')
    })
  assert.throws(attempt, /no compiler/)
  assert.deepEqual(readdirSync(join(home, 'none')), [])
})
