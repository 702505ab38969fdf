/** The options that say which requests are meant: the same for each command that takes requests. `filter.ts` reads them. */
import type { Option } from './command.ts'

export const FILTER_OPTIONS: Option[] = [
  { flags: '--all', summary: 'every request, not only yours' },
  {
    flags: '--header <name=value>',
    summary: 'requests with this header; all that are given must match',
    repeated: true,
  },
  { flags: '--filter <cel>', summary: 'requests for which this expression is true' },
]
