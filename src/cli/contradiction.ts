/** Options of a filter that no request can meet together. */
import { readConjunction } from '../lib/filter/conjunction.ts'
import { areContrary, bySubject } from '../lib/filter/example.ts'
import { impliedByGrpc } from '../lib/filter/implied.ts'
import { type Term, type TextTerm, writeSubject } from '../lib/filter/term.ts'

/** Those that take a pattern for what they are about. */
const OPTIONS: Partial<Record<TextTerm['kind'], string>> = {
  ...{ header: 'header', method: 'method', path: 'path', query: 'query', cookie: 'cookie' },
  'grpc.service': 'grpc',
}

/** One option as it was given, and what it says. */
export interface FilterPart {
  shown: string
  cel: string
}

/** @returns a sentence; undefined when none contradict each other, as far as that can be told */
export function contradiction(parts: readonly FilterPart[]): string | undefined {
  const terms = parts.map(({ cel }) => {
    const own = readConjunction(cel).terms
    return [...own, ...impliedByGrpc(own, find)]
  })
  for (const [subject, conditions] of bySubject(terms.flat())) {
    if (!areContrary(conditions, find)) continue
    const about = writeSubject(subject)
    const isAbout = (term: Term): boolean => term.kind !== 'mark' && writeSubject(term) === about
    const options = parts.filter((_part, at) => terms[at]?.some(isAbout)).map(({ shown }) => shown)
    const never = `no request matches ${options.join(' and ')}${parts.length > 1 ? ', and all options must hold' : ''}`
    const grpc = subject.kind === 'method' ? postHint(terms.flat(), options) : grpcHint(options, parts)
    if (grpc !== undefined) return `${never}; ${grpc}`
    const values = conditions.flatMap(({ test, not, value }) => (test === undefined && !not ? [value] : []))
    const name = 'name' in subject ? `${subject.name}=` : ''
    const option = OPTIONS[subject.kind]
    const isEither = values.length === conditions.length && values.every((value) => /^[\w/-]+$/.test(value))
    const hint =
      isEither && option !== undefined ? `; for any of them say --${option} '${name}~^(${values.join('|')})$'` : ''
    return `${never}${hint}`
  }
  return undefined
}

/** Tells the methods of HTTP and those of services apart. */
function postHint(terms: readonly Term[], shown: readonly string[]): string | undefined {
  if (!terms.some(({ kind }) => kind.startsWith('grpc.')) || shown.every((one) => one.startsWith('--method')))
    return undefined
  return `calls of gRPC are POST; a method of a service is said with it: --grpc package.Service/Method`
}

/** For any of several calls: a pattern for their services alone would take all of their methods. */
function grpcHint(shown: readonly string[], parts: readonly FilterPart[]): string | undefined {
  const calls = shown.map((one) => /^--grpc \/?([\w.$-]+(?:\/[\w$-]+)?)$/.exec(one)?.[1])
  if (calls.includes(undefined) || !calls.some((call) => call?.includes('/'))) return undefined
  if (calls.every((call) => call?.includes('/')))
    return `for any of them say --path '~^/(${calls.map((call) => call?.replaceAll(/[.$]/g, '\\$&')).join('|')})$'`
  const cels = parts
    .filter((part) => shown.includes(part.shown))
    .map(({ cel }) => (cel.includes('&&') ? `(${cel})` : cel))
  return `for any of them say --filter '${cels.join(' || ')}'`
}

/** Patterns that JavaScript and RE2 both know mean the same to both, on words as short as these; of others nothing is known. */
function find(pattern: string, text: string): boolean | undefined {
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return undefined
  }
}
