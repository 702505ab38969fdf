import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { COMMANDS } from './commands.ts'
import { filterOf } from './filter.ts'
import { parse } from './parse.ts'

/** The words of a shell's line: quotes of one kind, no variables. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''))
}

describe('help', () => {
  for (const [name, load] of Object.entries(COMMANDS)) {
    it(`of ${name} has examples that are lines of it, and summaries of one voice`, async () => {
      const command = await load()
      assert.ok(command.examples.length > 0)
      for (const { line } of command.examples) {
        const own = line.split(/ \| |\$\(|\)/).find((part) => part.startsWith(`remocal ${name}`))
        assert.ok(own !== undefined, line)
        const parsed = parse(
          command,
          wordsOf(own)
            .slice(2)
            .filter((word) => word !== '2>&1'),
        )
        assert.ok('call' in parsed, line)
        filterOf(command, parsed.call)
      }
      const summaries = [command, ...command.args, ...command.options].map(({ summary }) => summary)
      for (const summary of summaries) assert.doesNotMatch(summary, /\.$|\n/, summary)
      assert.ok(command.summary.length <= 80, 'the overview has one line for each command')
    })
  }
})
