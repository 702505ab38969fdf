/** What was meant by an expression that is no CEL, or names what filters do not have. */
import { nearest } from '../../nearest.ts'
import { METHODS } from './functions.ts'
import { LOOPS } from './loops.ts'

const FIELDS: Record<string, readonly string[]> = {
  request: ['method', 'path', 'host', 'scheme', 'query', 'headers', 'cookies', 'marks', 'body'],
  source: ['ip', 'pod', 'namespace'],
  grpc: ['service', 'method'],
  jwt: ['claims'],
}

/** As other languages call them. */
const ELSEWHERE: Record<string, string> = {
  includes: 'contains',
  lower: 'lowerAscii',
  tolowercase: 'lowerAscii',
  upper: 'upperAscii',
  touppercase: 'upperAscii',
  length: 'size',
  len: 'size',
  match: 'matches',
  some: 'exists',
  any: 'exists',
  every: 'all',
}

const OPERATORS: Record<string, string> = { and: '&&', or: '||', not: '!' }
const SIGNS: Record<string, string> = { '=': '==', '&': '&&', '|': '||', '=~': '.matches("…")' }

const STRING = /[rRbB]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')/g
const WITH_MINUS =
  /(?<owner>\b(?:request\.(?:headers|query|cookies|body)|jwt\.claims)(?:\.\w+)*?)\.(?<name>\w+(?:-\w+)+)/g

/**
 * @param message of the parser or checker
 * @param at offset of the mistake
 * @returns `; did you mean …` without a question mark, or nothing
 */
export function hintOf(cel: string, message: string, at: number): string {
  const meant = operatorOf(cel, at) ?? fieldWithMinus(cel, at) ?? nameOf(cel, message, at)
  return meant === undefined ? '' : `; did you mean ${meant}`
}

/** With strings blanked out: offsets stay. */
function code(cel: string): string {
  return cel.replaceAll(STRING, (text) => ' '.repeat(text.length))
}

function operatorOf(cel: string, at: number): string | undefined {
  const text = code(cel)
  const before = /\b(and|or|not)\s+$/i.exec(text.slice(0, at))?.[1]
  const here = /^\s*(and|or|not)\b/i.exec(text.slice(at))?.[1]
  const word = here !== undefined && !/\w$/.test(text.slice(0, at)) ? here : before
  if (word !== undefined) return OPERATORS[word.toLowerCase()]
  const sign = /^(=~|[=&|])(?![=&|])/.exec(text.slice(at))?.[1]
  return sign === undefined ? undefined : SIGNS[sign]
}

function fieldWithMinus(cel: string, at: number): string | undefined {
  for (const { index, groups, 0: whole } of code(cel).matchAll(WITH_MINUS)) {
    const { owner = '', name = '' } = groups ?? {}
    if (index <= at && at <= index + whole.length) return `${owner}["${name}"]`
  }
  return undefined
}

function nameOf(cel: string, message: string, at: number): string | undefined {
  const variable = /^unknown variable: (\w+)/i.exec(message)?.[1]
  if (variable !== undefined) {
    // The variable of a loop that is called otherwise elsewhere.
    const loop = new RegExp(`\\.(\\w+)\\(\\s*${variable}\\s*,`).exec(code(cel))?.[1] ?? ''
    if (elsewhere(loop) !== undefined) return `.${elsewhere(loop)}(…)`
    const owner = Object.keys(FIELDS).find((one) => FIELDS[one]?.includes(variable))
    return owner === undefined ? nearestOf(variable, Object.keys(FIELDS)) : `${owner}.${variable}`
  }
  const key = /^no such key: (\w+)/i.exec(message)?.[1]
  if (key !== undefined) {
    const owner = /\b(request|source|grpc|jwt)\s*\.\s*$/.exec(code(cel).slice(0, at))?.[1] ?? ''
    return nearestOf(key, FIELDS[owner] ?? [])
  }
  const call = /'([^']*\.)?(\w+)\(|no function (\w+)/.exec(message)
  const name = call?.[2] ?? call?.[3]
  if (name === undefined) return undefined
  const methods = [...Object.keys(METHODS), ...LOOPS, 'matches']
  const meant = methods.includes(name) ? undefined : (elsewhere(name) ?? nearestOf(name, methods))
  return meant === undefined ? undefined : `.${meant}(…)`
}

function elsewhere(name: string): string | undefined {
  const lower = name.toLowerCase()
  return Object.hasOwn(ELSEWHERE, lower) ? ELSEWHERE[lower] : undefined
}

function nearestOf(name: string, names: readonly string[]): string | undefined {
  return nearest(name, names, 1)[0]
}
