import { fault } from '../diagnose/catalogue.ts'
import type { Call } from './command.ts'

/**
 * Looks at each `--filter` as it was typed: among other options it becomes a part of one expression, in which mistakes would be shown in text that
 * nobody wrote. Alone it is looked at where it is used. Rejects with RC-U-102.
 */
export async function checkExpressions({ given }: Pick<Call, 'given'>): Promise<void> {
  const expressions = given.filter(({ name }) => name === 'filter').map(({ value }) => String(value))
  const isAlone = expressions.length < 2 && !given.some(({ name }) => BESIDE.has(name))
  if (expressions.length === 0 || isAlone) return
  const [{ compileFilter }, { FilterError }] = await Promise.all([
    import('../lib/filter/compile.ts'),
    import('../lib/filter/filter-error.ts'),
  ])
  for (const cel of expressions) {
    if (cel.trim() === '') continue
    try {
      await compileFilter(cel)
    } catch (error) {
      if (!(error instanceof FilterError)) throw error
      const sentence = `Cannot use --filter: ${error.message}. Nothing was changed.\n${error.shown}`
      throw fault('RC-U-102', sentence, ['remocal filter --help'], error)
    }
  }
}

/** Options that become parts of the same expression. */
const BESIDE = new Set(['header', 'method', 'path', 'query', 'cookie', 'grpc', 'sni', 'not'])
