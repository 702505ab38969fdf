/** What docs/filters.md says is so. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { filterOf } from '../../src/cli/filter.ts'
import { FILTER_OPTIONS } from '../../src/cli/filter-options.ts'
import { parse } from '../../src/cli/parse.ts'
import { explainedText } from '../../src/cli/render/explained.ts'
import { explainCel } from '../../src/lib/filter/cel/explain.ts'
import { compileFilter } from '../../src/lib/filter/compile.ts'
import { overlap, rankOf } from '../../src/lib/filter/overlap.ts'
import type { FilterRequest } from '../../src/lib/filter/request.ts'
import { readRequestText } from '../../src/lib/http1/request-text.ts'

const PAGE = readFileSync('docs/filters.md', 'utf8')
const COMMAND = { name: 'intercept', summary: '', args: [], options: FILTER_OPTIONS, examples: [], run: async () => 0 }

function request(): FilterRequest {
  return readRequestText(Buffer.from(/```http\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? ''))
}

function celOf(options: string): string {
  const words = [...options.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
  const parsed = parse(COMMAND, words)
  assert.ok('call' in parsed)
  return filterOf(COMMAND, parsed.call) ?? ''
}

describe('docs/filters.md', () => {
  const rows = [...PAGE.matchAll(/^\| `(--.*)` \| (yes|no) \| `(.*)` \|$/gm)]
  it('has short forms', () => assert.ok(rows.length > 10))
  for (const [, shown = '', verdict, cel = ''] of rows) {
    const options = shown.replaceAll('\\|', '|')
    it(options, async () => {
      assert.equal(celOf(options), cel.replaceAll('\\|', '|'))
      assert.equal((await compileFilter(celOf(options))).matches(request()), verdict === 'yes')
    })
  }

  const expressions = [...PAGE.matchAll(/^(\S.*?) +\/\/ (true|false)$/gm)]
  it('has expressions', () => assert.ok(expressions.length > 10))
  for (const [, cel = '', verdict] of expressions) {
    it(cel, async () => {
      assert.equal((await compileFilter(cel)).matches(request()), verdict === 'true')
      assert.equal(explainCel(cel, request()).matches, verdict === 'true')
    })
  }

  it('shows what filter test prints', () => {
    const [, cel = '', printed] = /^\$ remocal filter test '(.*)' --request .*\n([\s\S]*?)```/m.exec(PAGE) ?? []
    assert.equal(explainedText({ ...explainCel(cel, request()), filter: cel }), printed)
  })

  const pairs = [...PAGE.matchAll(/^\| `(--.*)` \| (?:`(--.*)`|(the mark, or `--all`)) \| (both|refused).*\|$/gm)]
  it('has pairs', () => assert.equal(pairs.length, 7))
  for (const [, one = '', other = '', others, verdict] of pairs) {
    it(`${one} beside ${other || others}`, () => {
      const asked = others === undefined ? [celOf(other)] : ['"jane-7f3a" in request.marks', '']
      for (const cel of asked) {
        const isConflict = rankOf(cel) === rankOf(celOf(one)) && overlap(celOf(one), cel) === 'overlap'
        assert.equal(isConflict, verdict === 'refused', cel)
      }
    })
  }
})
