/** What the value of a filter's option says: exact, `prefix*` or `~regex`. */
import type { Term, Test } from '../lib/filter/term.ts'
import type { Command } from './command.ts'
import { usage } from './parse.ts'

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Throws RC-U-101. */
export function termOf(
  command: Pick<Command, 'name'>,
  kind: 'header' | 'method' | 'path' | 'query' | 'cookie' | 'sni',
  value: string,
): Term {
  if (kind === 'method') {
    const method = testOf(command, kind, value)
    if (value.includes(',') && method.test !== 'find') {
      const either = value.split(/[\s,]+/).filter((one) => one !== '')
      throw usage(
        command,
        `--method is one method, not "${value}"; for any of several say --method '~^(${either.join('|')})$'`,
      )
    }
    if (method.test !== 'find' && method.not === undefined && !TOKEN.test(method.value))
      throw usage(command, `--method is "${value}", which cannot be a method`)
    // Methods know their case (RFC 9110 §9.1), but none in use has small letters.
    return { kind, ...method, value: method.test === 'find' ? method.value : method.value.toUpperCase() }
  }
  if (kind === 'path') {
    const path = testOf(command, kind, value)
    const literal = path.test !== 'find' && path.value !== '*' && path.not === undefined
    if (literal && !path.value.startsWith('/')) throw usage(command, `--path is "${value}" but paths begin with /`)
    if (literal && path.value.includes('?')) throw usage(command, '--path has no query: say --query name=value')
    if (literal && /[\s\p{Cc}]/u.test(path.value))
      throw usage(command, '--path has a blank, and paths have none: they are compared as sent, with %20')
    return { kind, ...path }
  }
  if (kind === 'sni') {
    const name = testOf(command, kind, value)
    if (value === '')
      throw usage(
        command,
        '--sni is empty, and clients that name no server send none: say --filter \'request.sni == ""\'',
      )
    // RFC 6066 §3: a name of DNS, no address and no port.
    if (name.test !== 'find' && /[/:]/.test(value))
      throw usage(command, `--sni is "${value}", but a name has no / and no : in it, such as orders.example.com`)
    // Names are compared without regard to case (RFC 6066 §3), and seen in lower case.
    return { kind, ...name, value: name.test === 'find' ? name.value : name.value.toLowerCase() }
  }
  const at = value.indexOf('=')
  if (at < 1) throw usage(command, `--${kind} is "${value}" but must be name=value`)
  const name = value.slice(0, at)
  if (kind !== 'query' && !TOKEN.test(name)) throw usage(command, `"${name}" cannot be the name of a ${kind}`)
  const test = testOf(command, kind, value.slice(at + 1))
  const never = test.test === 'find' ? undefined : impossible(kind, test)
  if (never !== undefined) throw usage(command, `--${kind} ${name} never matches: ${never}`)
  return { kind, name: kind === 'header' ? name.toLowerCase() : name, ...test }
}

/** Why no request has such a value (RFC 9110 §5.5, RFC 6265 §5.2); undefined when it may. */
function impossible(kind: 'header' | 'query' | 'cookie', { test, value }: Test): string | undefined {
  if (kind === 'query') return undefined
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a tab is the only one that may stand in a value
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value))
    return `the value of a ${kind} has no line breaks or control characters`
  if (kind === 'cookie' && value.includes(';')) return 'a semicolon ends the value of a cookie'
  if (kind === 'cookie' && test === undefined && /^".*"$/.test(value))
    return 'the quotes around the value of a cookie do not count'
  const isTrimmed = value === (test === 'prefix' ? value.trimStart() : value.trim())
  return isTrimmed ? undefined : `the blanks around the value of a ${kind} do not count`
}

/** Throws RC-U-101. */
export function testOf(command: Pick<Command, 'name'>, kind: string, text: string): Test & { not?: boolean } {
  if (text === '~') throw usage(command, `--${kind} has no regular expression after ~`)
  if (text.startsWith('~')) return { test: 'find', value: text.slice(1) }
  const value = text.startsWith('\\~') ? text.slice(1) : text
  if (value.endsWith('\\*')) return { value: `${value.slice(0, -2)}*` }
  if (!value.endsWith('*')) return { value }
  // Any value, but one.
  return value === '*' ? { value: '', not: true } : { test: 'prefix', value: value.slice(0, -1) }
}
