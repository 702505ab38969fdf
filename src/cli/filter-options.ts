/** The options that say which requests are meant: the same for each command that takes requests. `filter.ts` reads them. */
import type { Option } from './command.ts'

export const FILTER_OPTIONS: Option[] = [
  { flags: '--all', summary: 'every request, not only yours' },
  {
    flags: '--header <name=value>',
    summary: 'with this header: value, prefix* or ~regex; name= is absent or empty, name=* neither',
    repeated: true,
  },
  { flags: '--method <value>', summary: 'of this method, such as POST', repeated: true },
  { flags: '--path <value>', summary: 'of this path: /path, /prefix* or ~regex', repeated: true },
  { flags: '--query <name=value>', summary: 'with this query parameter', repeated: true },
  { flags: '--cookie <name=value>', summary: 'with this cookie', repeated: true },
  {
    flags: '--grpc <service[/method]>',
    summary: 'calls of gRPC, such as package.Service/Method; each part also prefix* or ~regex',
    repeated: true,
  },
  {
    flags: '--sni <name>',
    summary: 'TLS connections to this server name; alone it takes them whole, unread',
    repeated: true,
  },
  { flags: '--filter <cel>', summary: 'for which this CEL expression is true: docs/filters.md', repeated: true },
  { flags: '--not', summary: 'negates the option after it; all that are given must match' },
]
