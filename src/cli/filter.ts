/** The filter that the options of `filter-options.ts` say, as CEL. */
import type { Call, Command } from './command.ts'
import { usage } from './parse.ts'

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * @param command that has these options
 * @returns CEL; empty for everything; undefined for the personal mark. Throws RC-U-101 when the flags contradict each other.
 */
export function filterOf(command: Pick<Command, 'name'>, { options }: Pick<Call, 'options'>): string | undefined {
  const { all, filter } = options
  const headers = (options.header ?? []) as string[]
  if (all === true && (headers.length > 0 || filter !== undefined))
    throw usage(command, '--all takes everything, so no other filter goes with it')
  if (all === true) return ''
  const parts = headers.map((header) => {
    const at = header.indexOf('=')
    if (at < 1) throw usage(command, `--header is "${header}" but must be name=value`)
    const name = header.slice(0, at)
    if (!TOKEN.test(name)) throw usage(command, `"${name}" cannot be the name of a header`)
    return `request.headers[${JSON.stringify(name.toLowerCase())}] == ${JSON.stringify(header.slice(at + 1))}`
  })
  if (typeof filter === 'string') {
    if (filter.trim() === '') throw usage(command, '--filter is empty; say --all for everything')
    parts.push(parts.length > 0 ? `(${filter})` : filter)
  }
  return parts.length === 0 ? undefined : parts.join(' && ')
}
