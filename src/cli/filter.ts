/** The filter that the options of `filter-options.ts` say, as CEL. */
import { type Term, writeTerm, writeTerms } from '../lib/filter/term.ts'
import type { Call, Command } from './command.ts'
import { contradiction } from './contradiction.ts'
import { grpcTerms } from './grpc-terms.ts'
import { usage } from './parse.ts'
import { termOf } from './term.ts'

const TERMS = ['header', 'method', 'path', 'query', 'cookie', 'grpc', 'sni'] as const

/**
 * @param command that has these options
 * @returns CEL; empty for everything; undefined for the personal mark. Throws RC-U-101 when the options make no sense, alone or together.
 */
export function filterOf(command: Pick<Command, 'name'>, { given }: Pick<Call, 'given'>): string | undefined {
  const parts: { shown: string; cel: string; expression: boolean }[] = []
  let all = false
  let negated = false
  for (const { name, value } of given) {
    const kind = TERMS.find((one) => one === name)
    const shown = `${negated ? '--not ' : ''}--${name} ${value}`
    if (negated && kind === undefined && name !== 'filter') break
    if (name === 'not') negated = true
    else if (name === 'all') all = true
    else if (name === 'filter') {
      const cel = String(value)
      if (cel.trim() === '') throw usage(command, '--filter is empty; say --all for everything')
      if (!isClosed(cel)) throw usage(command, 'the parentheses in --filter do not match each other')
      parts.push({ shown, cel: negated ? `!${grouped(cel)}` : cel, expression: !negated })
      negated = false
    } else if (kind !== undefined) {
      const terms = kind === 'grpc' ? grpcTerms(command, String(value)) : [termOf(command, kind, String(value))]
      parts.push({ shown, cel: negated ? negation(terms) : writeTerms(terms), expression: false })
      negated = false
    }
  }
  if (negated) throw usage(command, '--not stands before the option that it negates: --header, --path, --filter …')
  if (all && parts.length > 0) throw usage(command, '--all takes everything, so no other filter goes with it')
  if (all) return ''
  if (parts.length === 0) return undefined
  const never = contradiction(parts)
  if (never !== undefined) throw usage(command, never)
  const [only] = parts
  if (parts.length === 1) return only?.cel
  return parts.map(({ cel, expression }) => (expression ? grouped(cel) : cel)).join(' && ')
}

/** A negated negation is none: `--not --header x=*` asks for its absence. */
function negation(terms: readonly Term[]): string {
  const [only, ...more] = terms
  if (only === undefined || more.length > 0) return `!(${writeTerms(terms)})`
  return writeTerm({ ...only, not: only.not !== true })
}

/** In parentheses, which a comment at its end must not swallow. */
function grouped(cel: string): string {
  return cel.includes('//') ? `(${cel}\n)` : `(${cel})`
}

const STRING_OR_COMMENT = /[rR]?(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\/\/.*/g

/** Whether an expression stays one within parentheses: `true) || (true` would be two. */
function isClosed(cel: string): boolean {
  let depth = 0
  for (const [sign] of cel.replaceAll(STRING_OR_COMMENT, '').matchAll(/[()]/g)) {
    depth += sign === '(' ? 1 : -1
    if (depth < 0) return false
  }
  return depth === 0
}
