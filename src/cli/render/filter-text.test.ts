import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterText, notesText, shortFilterText } from './filter-text.ts'

test('a filter is one line of a table, whatever it has', () => {
  assert.equal(
    filterText('request.path == "/a" // so\n  && true\t&& true // end'),
    'request.path == "/a" && true && true',
  )
  assert.equal(filterText('request.path == "//a"'), 'request.path == "//a"')
  assert.equal(filterText('request.path == "\u001b[31m"'), 'request.path == "\\x1b[31m"')
  assert.equal(filterText('"jane-7f3a" in request.marks'), 'mark jane-7f3a')
  assert.equal(filterText('!("jane-7f3a" in request.marks)'), '!("jane-7f3a" in request.marks)')
  const long = `request.path == "/${'a'.repeat(100)}"`
  assert.equal(filterText(long), long)
  assert.equal(shortFilterText(long).length, 60)
  assert.match(shortFilterText(long), /…$/)
})

test('notes say what is not as usual', () => {
  assert.equal(notesText(0, undefined), '')
  assert.equal(notesText(0, { exceeded: 0, failed: 0 }), '')
  assert.equal(
    notesText(-5, { exceeded: 3, failed: 1 }, '503 when down'),
    ' (priority -5, 503 when down, 3 not matched: cost limit, 1 not matched: it fails)',
  )
})
