/** What the value of a filter's option says: exact, `prefix*` or `~regex`. */
import type { Term, Test } from '../lib/filter/term.ts'
import type { Command } from './command.ts'
import { usage } from './parse.ts'

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Throws RC-U-101. */
export function termOf(
  command: Pick<Command, 'name'>,
  kind: 'header' | 'method' | 'path' | 'query' | 'cookie',
  value: string,
): Term {
  if (kind === 'method') {
    const method = testOf(command, kind, value)
    // Methods know their case (RFC 9110 §9.1), but none in use has small letters.
    return { kind, ...method, value: method.test === 'find' ? method.value : method.value.toUpperCase() }
  }
  if (kind === 'path') {
    const path = testOf(command, kind, value)
    const literal = path.test !== 'find' && path.value !== '*' && path.not === undefined
    if (literal && !path.value.startsWith('/')) throw usage(command, `--path is "${value}" but paths begin with /`)
    if (literal && path.value.includes('?')) throw usage(command, '--path has no query: say --query name=value')
    return { kind, ...path }
  }
  const at = value.indexOf('=')
  if (at < 1) throw usage(command, `--${kind} is "${value}" but must be name=value`)
  const name = value.slice(0, at)
  if (kind !== 'query' && !TOKEN.test(name)) throw usage(command, `"${name}" cannot be the name of a ${kind}`)
  return { kind, name: kind === 'header' ? name.toLowerCase() : name, ...testOf(command, kind, value.slice(at + 1)) }
}

function testOf(command: Pick<Command, 'name'>, kind: string, text: string): Test & { not?: boolean } {
  if (text === '~') throw usage(command, `--${kind} has no regular expression after ~`)
  if (text.startsWith('~')) return { test: 'find', value: text.slice(1) }
  const value = text.startsWith('\\~') ? text.slice(1) : text
  if (value.endsWith('\\*')) return { value: `${value.slice(0, -2)}*` }
  if (!value.endsWith('*')) return { value }
  // Any value, but one.
  return value === '*' ? { value: '', not: true } : { test: 'prefix', value: value.slice(0, -1) }
}
