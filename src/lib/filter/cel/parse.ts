/** From text to a syntax tree whose types are right. */
import { type ASTNode, Environment } from '@marcbachmann/cel-js'
import { FilterError } from '../filter-error.ts'
import { hintOf } from './hint.ts'

const MAX_NODES = 300
const MAX_DEPTH = 40

const environment = new Environment({ limits: { maxAstNodes: MAX_NODES, maxDepth: MAX_DEPTH } })
  .registerVariable('request', {
    schema: {
      method: 'string',
      path: 'string',
      host: 'string',
      scheme: 'string',
      sni: 'string',
      query: 'map<string, string>',
      headers: 'map<string, string>',
      cookies: 'map<string, string>',
      marks: 'list<string>',
      body: 'dyn',
    },
  })
  .registerVariable('source', { schema: { ip: 'string', pod: 'string', namespace: 'string' } })
  .registerVariable('grpc', { schema: { service: 'string', method: 'string' } })
  .registerVariable('jwt', { schema: { claims: 'dyn' } })

interface CelError {
  summary?: string
  message: string
  range?: { start: number }
}

/** Throws a `FilterError` that shows where the mistake is. */
export function parseCel(cel: string): ASTNode {
  try {
    const parsed = environment.parse(cel)
    const { valid, type, error } = parsed.check()
    if (!valid) throw error
    if (type !== 'bool' && type !== 'dyn') throw new FilterError(cel, `the expression is a ${type}, not true or false`)
    return parsed.ast
  } catch (error) {
    if (error instanceof FilterError) throw error
    const { summary, message, range } = error as CelError
    const sentence = inWords((summary ?? message).replace(/^./, (first) => first.toLowerCase()))
    throw new FilterError(cel, `${sentence}${hintOf(cel, sentence, range?.start ?? 0)}`, range?.start)
  }
}

/** What the parser calls its tokens. */
const TOKENS: Record<string, string> = {
  ...{ EOF: 'the end', NUMBER: 'a number', STRING: 'a string', BOOLEAN: 'true or false', NULL: 'null', BYTES: 'bytes' },
  ...{ IDENTIFIER: 'a name', PLUS: '"+"', MINUS: '"-"', MULTIPLY: '"*"', DIVIDE: '"/"', MODULO: '"%"', EQ: '"=="' },
  ...{ NE: '"!="', LT: '"<"', LE: '"<="', GT: '">"', GE: '">="', AND: '"&&"', OR: '"||"', NOT: '"!"', IN: '"in"' },
  ...{ LPAREN: '"("', RPAREN: '")"', LBRACKET: '"["', RBRACKET: '"]"', LBRACE: '"{"', RBRACE: '"}"', DOT: '"."' },
  ...{ COMMA: '","', COLON: '":"', QUESTION: '"?"' },
}

function inWords(sentence: string): string {
  return sentence.replace(
    /^(expected|unexpected token:?) ([A-Z]+)(?:(, got )([A-Z]+))?/,
    (_whole, verb: string, first: string, got = '', second = '') =>
      `${verb} ${TOKENS[first] ?? first}${got}${TOKENS[second] ?? second}`,
  )
}
