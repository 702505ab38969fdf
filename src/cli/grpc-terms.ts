/** What `--grpc` says: a service with its package, or one of its methods. */
import type { Term } from '../lib/filter/term.ts'
import type { Command } from './command.ts'
import { usage } from './parse.ts'
import { testOf } from './term.ts'

/** As protocol buffers name things, and what other languages add to that. */
const NAME = /^[\w.$-]*$/

/** @param value `package.Service` or `package.Service/Method`, a slash before it as in a path. Throws RC-U-101. */
export function grpcTerms(command: Pick<Command, 'name'>, value: string): Term[] {
  const text = value.replace(/^\//, '')
  const slash = text.lastIndexOf('/')
  const parts = slash < 0 ? [text] : [text.slice(0, slash), text.slice(slash + 1)]
  return parts.map((part, at): Term => {
    const test = testOf(command, 'grpc', part)
    const what = at === 0 ? 'service' : 'method'
    const isAny = test.not === true
    if (!isAny && test.value === '')
      throw usage(command, `--grpc "${value}" has no ${what}: say package.Service/Method`)
    if (test.test !== 'find' && !NAME.test(test.value))
      throw usage(command, `--grpc is "${value}", and "${part}" cannot be the name of a ${what}`)
    return { kind: `grpc.${what}`, ...test }
  })
}
