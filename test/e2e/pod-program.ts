/** Programs of several files for pods of the shop's image, which has Node and nothing else. */
import { basename } from 'node:path'
import { build } from 'esbuild'

/** One file with all that it imports. @param format `cjs` where packages in it ask for `require` */
export async function bundled(file: string, format: 'esm' | 'cjs' = 'esm'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format,
    write: false,
    logLevel: 'warning',
  })
  const [output] = outputFiles
  if (output === undefined) throw new Error(`${basename(file)} could not be bundled`)
  return output.text
}
