/** `npm run bench -- NAME [--json] [--only TEXT]`: measures, prints a table or one JSON document; exit code 79 when a goal is missed. */
import { existsSync, globSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import type { Figure, MeasureOptions } from './lib/figure.ts'
import { table } from './lib/table.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    cluster: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})
const [name = ''] = positionals
const known = globSync('bench/*.ts')
  .map((path) => basename(path, '.ts'))
  .filter((bench) => bench !== 'main')
if (positionals.length !== 1 || !known.includes(name) || !existsSync(`bench/${name}.ts`)) {
  process.stderr.write(
    `Usage: npm run bench -- NAME [--json] [--cluster] [--only TEXT]; NAME is one of: ${known.join(', ')}\n`,
  )
  process.exit(64)
}

const { measure } = (await import(`./${name}.ts`)) as {
  measure: (say: (line: string) => void, options: MeasureOptions) => Promise<Figure[]>
}
const figures = await measure((line) => process.stderr.write(`${line}\n`), {
  cluster: values.cluster,
  only: values.only,
})
process.stdout.write(values.json ? `${JSON.stringify({ bench: name, figures })}\n` : table(figures))
process.exitCode = figures.length > 0 && figures.every((figure) => figure.ok) ? 0 : 79
