import { fault } from '../../diagnose/catalogue.ts'
import { compileFilter } from '../../lib/filter/compile.ts'
import { FilterError } from '../../lib/filter/filter-error.ts'

/** Rejects with RC-U-102, which shows where the mistake is. */
export async function checkFilter(cel: string): Promise<void> {
  try {
    await compileFilter(cel)
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    throw fault('RC-U-102', `Cannot use the filter: ${error.message}. Nothing was changed.\n${error.shown}`, [
      'remocal filter --help',
    ])
  }
}
