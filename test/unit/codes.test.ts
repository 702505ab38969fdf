/** Each code of the catalogue has its page, and each page its code. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { CATALOGUE } from '../../src/diagnose/catalogue.ts'

const SECTIONS = ['## What it means', '## Example', '## Why', '## What to do', '## See also']

for (const code of Object.keys(CATALOGUE)) {
  test(`${code} has a page with every section`, () => {
    const path = `docs/codes/${code}.md`
    assert.ok(existsSync(path), `${path} is missing`)
    const text = readFileSync(path, 'utf8')
    for (const section of SECTIONS) assert.ok(text.includes(section), `${path} lacks "${section}"`)
  })
}

test('each page belongs to a code', () => {
  for (const path of globSync('docs/codes/*.md')) assert.ok(basename(path, '.md') in CATALOGUE, path)
})
