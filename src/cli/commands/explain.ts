import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CATALOGUE } from '../../diagnose/catalogue.ts'
import type { Command } from '../command.ts'
import { findCode } from '../find-code.ts'
import { usage } from '../parse.ts'

export const explain: Command = {
  name: 'explain',
  summary: 'Print the page of a code, such as RC-I-204',
  args: [{ name: 'code', summary: 'as printed with a failure' }],
  options: [],
  examples: [{ what: 'what a code means and what to do', line: 'remocal explain RC-I-204' }],
  async run(call) {
    const typed = call.args[0] ?? ''
    const code = findCode(typed)
    if (typeof code !== 'string') {
      const which = code.length > 0 ? `did you mean ${code.join(' or ')}` : 'codes are written as RC-I-204 is'
      throw usage(explain, `there is no code "${typed}"; ${which}`)
    }
    const { title, kind, exit } = CATALOGUE[code]
    const page = await read(code, dirname(call.io.entry))
    call.print({ code, title, kind, exit, page }, () => page)
    return 0
  },
}

/** Pages lie beside the bundle, or at the root of a checkout. */
async function read(code: string, folder: string): Promise<string> {
  for (const root of [folder, join(folder, '../..')]) {
    const page = await readFile(join(root, 'docs/codes', `${code}.md`), 'utf8').catch(() => undefined)
    if (page !== undefined) return page
  }
  throw new Error(`the page of ${code} is missing`)
}
