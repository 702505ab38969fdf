/** The short forms in a filter's text, also when a person wrote them. */
import type { GrpcPart } from './grpc.ts'
import type { Term } from './term.ts'

export interface Conjunction {
  /** All of these must hold. */
  readonly terms: readonly Term[]
  /** False when the filter asks for more than its terms. */
  readonly whole: boolean
}

/** Literals that mean the same here and in CEL: JSON's without `\/` and lone surrogates' escapes, single quotes without escapes, raw ones. */
const LITERAL = String.raw`"(?:[^"\\\u0000-\u001f]|\\["\\bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4})*"(?!")|'[^'\\\u0000-\u001f]+'|r"[^"\\\u0000-\u001f]+"|r"(?:[^"\\\u0000-\u001f]|\\[^"\u0000-\u001f])+"|r'(?:[^'\\\u0000-\u001f]|\\[^'\u0000-\u001f])+'`
const SUBJECT = String.raw`(?:request\s*\.\s*(?:(?<map>headers|query|cookies)\s*\[\s*(?<name>${LITERAL})\s*\]|(?<part>method|path|host|sni))|grpc\s*\.\s*(?<grpc>service|method))`
const TERM = new RegExp(
  String.raw`^\s*(?<not>!\s*)?${SUBJECT}\s*(?:(?<equal>==|!=)\s*(?<value>${LITERAL})|\.\s*(?<call>startsWith|matches)\s*\(\s*(?<argument>${LITERAL})\s*\))\s*$`,
)
const MARK = new RegExp(String.raw`^\s*(?<mark>${LITERAL})\s*in\s+request\s*\.\s*marks\s*$`)
const KINDS = { headers: 'header', query: 'query', cookies: 'cookie' } as const

/** Of parentheses; what is deeper is no filter, and would be read again at each level. */
const MAX_DEPTH = 40

/**
 * What is between the `&&` of a filter, as far as it is a short form. The rest makes it no `whole` conjunction; it is one of none when
 * something else than `&&` joins it.
 */
export function readConjunction(cel: string): Conjunction {
  if (cel === '') return { terms: [], whole: true }
  return depthOf(cel) > MAX_DEPTH ? { terms: [], whole: false } : readPieces(cel)
}

function readPieces(cel: string): Conjunction {
  const pieces = piecesOf(cel)
  if (pieces === undefined) return { terms: [], whole: false }
  const terms: Term[] = []
  let whole = true
  for (const piece of pieces) {
    const inner = unwrapped(piece)
    const nested = inner === piece ? undefined : readPieces(inner)
    const term = nested === undefined ? readTerm(piece) : undefined
    if (term !== undefined) terms.push(term)
    terms.push(...(nested?.terms ?? []))
    whole &&= term !== undefined || nested?.whole === true
  }
  return { terms, whole }
}

/** The terms of a filter that is nothing else; undefined for any other. */
export function readTerms(cel: string): readonly Term[] | undefined {
  const { terms, whole } = readConjunction(cel)
  return whole ? terms : undefined
}

/** One term, which may be negated around parentheses. */
function readTerm(text: string): Term | undefined {
  const negated = /^\s*!\s*(\([\s\S]*\))\s*$/.exec(text)?.[1]
  if (negated !== undefined) {
    const inner = unwrapped(negated)
    const term = inner === negated ? undefined : readTerm(unwrapped(inner))
    if (term === undefined) return undefined
    const { not, ...rest } = term
    return not ? (rest as Term) : { ...term, not: true }
  }
  const mark = MARK.exec(text)?.groups?.mark
  if (mark !== undefined) return { kind: 'mark', mark: literal(mark) }
  const groups = TERM.exec(text)?.groups
  if (groups === undefined) return undefined
  const { not, map, name = '""', part, grpc, equal, value = '""', call, argument = '""' } = groups
  // `!request.path == "/"` is a mistake: there `!` belongs to the path.
  if (not !== undefined && equal !== undefined) return undefined
  const test = call === undefined ? { value: literal(value) } : called(call, literal(argument))
  const negation = not !== undefined || equal === '!=' ? { not: true } : {}
  if (grpc !== undefined) return { kind: `grpc.${grpc as GrpcPart}`, ...test, ...negation }
  if (map === undefined) return { kind: part as 'method' | 'path' | 'host' | 'sni', ...test, ...negation }
  const kind = KINDS[map as keyof typeof KINDS]
  return { kind, name: kind === 'header' ? literal(name).toLowerCase() : literal(name), ...test, ...negation }
}

function called(name: string, value: string): { test: 'prefix' | 'find'; value: string } {
  return { test: name === 'startsWith' ? 'prefix' : 'find', value }
}

function literal(text: string): string {
  if (text.startsWith('"')) return JSON.parse(text)
  return text.startsWith('r') ? text.slice(2, -1) : text.slice(1, -1)
}

/** Without the parentheses around all of it. */
function unwrapped(text: string): string {
  let own = text
  while (isWrapped(own)) own = own.trim().slice(1, -1)
  return own
}

function isWrapped(text: string): boolean {
  if (!text.trimStart().startsWith('(') || !text.trimEnd().endsWith(')')) return false
  let depth = 0
  let last = -1
  for (const { token, at } of tokens(text)) {
    if (last >= 0) return false
    if (token === '(') depth++
    if (token === ')' && --depth === 0) last = at
  }
  return last === text.trimEnd().length - 1
}

function depthOf(cel: string): number {
  let depth = 0
  let deepest = 0
  for (const { token } of tokens(cel)) {
    if (token === '(') deepest = Math.max(deepest, ++depth)
    if (token === ')') depth--
  }
  return deepest
}

/** What is between the outermost `&&`; undefined when `||` or `?` stand beside them, or a comment anywhere. */
function piecesOf(cel: string): string[] | undefined {
  const pieces: string[] = []
  let depth = 0
  let from = 0
  for (const { token, at } of tokens(cel)) {
    if (token === '//') return undefined
    if (/[([{]/.test(token)) depth++
    else if (/[)\]}]/.test(token)) depth--
    else if (depth === 0 && (token === '||' || token === '?')) return undefined
    else if (depth === 0 && token === '&&') {
      pieces.push(cel.slice(from, at))
      from = at + 2
    }
  }
  pieces.push(cel.slice(from))
  return pieces
}

const TOKEN =
  /(?<text>[rRbB]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))|\/\/|&&|\|\||[()[\]{}?]/g

/** What joins and parts an expression, outside of its strings. */
function* tokens(cel: string): Generator<{ token: string; at: number }> {
  for (const match of cel.matchAll(TOKEN)) {
    if (match.groups?.text === undefined) yield { token: match[0], at: match.index }
  }
}
