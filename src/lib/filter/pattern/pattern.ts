/** From a pattern's text to an automaton. */
import { RE2JS } from 're2js'
import { Budget } from '../budget.ts'
import { Automaton } from './automaton.ts'
import { patternSize } from './size.ts'

/** Of one pattern: of a larger one hardly a state could be made within the budget of a request. */
const MAX_SIZE = 3000

/** Throws an error with a sentence when the text is no pattern of RE2 or is too large. */
export function compilePattern(source: string): Automaton {
  if (patternSize(source) > MAX_SIZE) throw new Error('its repetitions make it too large to be matched in time')
  const { prog, dfa } = RE2JS.compile(source).re2()
  return new Automaton(prog, dfa.classBounds)
}

// The first search of a process would take many times as long as it says: it is made here, before any request waits for one.
for (const source of ['^(ab|[^x])*y$', 'b[ab]{9}y']) {
  const automaton = compilePattern(source)
  for (let turn = 0; turn < 4; turn++) automaton.find('ab-'.repeat(3000), new Budget())
}
