import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Answers, stateOf } from './answers.ts'

const folder = mkdtempSync(join(tmpdir(), 'remocal-answers-'))
after(() => rmSync(folder, { recursive: true }))

test('an answer is kept for its question and its state', () => {
  const answers = new Answers(join(folder, 'kept'))
  assert.equal(answers.get('curl', 'a'), undefined)
  answers.keep('curl', 'a', 'one')
  answers.keep('nginx', 'a', 'two')
  assert.equal(new Answers(join(folder, 'kept')).get('curl', 'a'), 'one')
  assert.equal(answers.get('nginx', 'a'), 'two')
  assert.equal(answers.get('curl', 'b'), undefined)
  answers.keep('curl', 'b', 'three')
  assert.equal(answers.get('curl', 'b'), 'three')
  assert.equal(answers.get('curl', 'a'), undefined)
})

test('what cannot be read is no answer', () => {
  const answers = new Answers(join(folder, 'broken'))
  answers.keep('curl', 'a', 'one')
  const [file = ''] = readdirSync(join(folder, 'broken'))
  for (const text of ['', '{}', '["curl","a"]', '["curl","a",1]', '["nginx","a","one"]']) {
    writeFileSync(join(folder, 'broken', file), text)
    assert.equal(answers.get('curl', 'a'), undefined)
  }
})

test('the state is another one when a file came, went, changed or was replaced by one of the same size and time', () => {
  const lists = join(folder, 'lists')
  const sources = [lists, join(folder, 'status')]
  const states = [stateOf(sources)]
  const changed = (): void => {
    const state = stateOf(sources)
    assert.ok(!states.includes(state))
    assert.equal(stateOf(sources), state)
    states.push(state)
  }
  mkdirSync(lists)
  writeFileSync(join(lists, 'one'), 'aa')
  utimesSync(join(lists, 'one'), 1, 1)
  changed()
  writeFileSync(join(folder, 'fresh'), 'bb')
  utimesSync(join(folder, 'fresh'), 1, 1)
  renameSync(join(folder, 'fresh'), join(lists, 'one'))
  changed()
  writeFileSync(sources[1] ?? '', 'installed')
  changed()
  mkdirSync(join(lists, 'more'))
  writeFileSync(join(lists, 'more', 'two'), '')
  changed()
  rmSync(join(lists, 'one'))
  changed()
  writeFileSync(join(lists, 'lock'), '')
  assert.equal(stateOf(sources), states.at(-1))
})
