/** The filter that the flags of `intercept` say, as CEL. */
import type { Call } from './command.ts'
import { usage } from './parse.ts'

const COMMAND = { name: 'intercept' }
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** @returns CEL; empty for everything; undefined for the personal mark. Throws RC-U-101 when the flags contradict each other. */
export function filterOf({ options }: Pick<Call, 'options'>): string | undefined {
  const { all, filter } = options
  const headers = (options.header ?? []) as string[]
  if (all === true && (headers.length > 0 || filter !== undefined))
    throw usage(COMMAND, '--all takes everything, so no other filter goes with it')
  if (all === true) return ''
  const parts = headers.map((header) => {
    const at = header.indexOf('=')
    if (at < 1) throw usage(COMMAND, `--header is "${header}" but must be name=value`)
    const name = header.slice(0, at)
    if (!TOKEN.test(name)) throw usage(COMMAND, `"${name}" cannot be the name of a header`)
    return `request.headers[${JSON.stringify(name.toLowerCase())}] == ${JSON.stringify(header.slice(at + 1))}`
  })
  if (typeof filter === 'string') {
    if (filter.trim() === '') throw usage(COMMAND, '--filter is empty; say --all for everything')
    parts.push(parts.length > 0 ? `(${filter})` : filter)
  }
  return parts.length === 0 ? undefined : parts.join(' && ')
}
