/** Bundles all roles into `dist/app/`: one entry, lazy chunks, and the one native module beside it. */
import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build, type Plugin } from 'esbuild'

const OUT = 'dist/app'

/**
 * Importing one of these as an ES module reads every export of it, and some of them load half of Node: `node:http` its WebSocket, 14 MB of memory and
 * 30 ms. As an object it is read where it is used.
 */
const AS_OBJECTS: Plugin = {
  name: 'node modules as objects',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?(http|fs|util)$/ }, ({ kind, path }) =>
      kind === 'import-statement' ? { path: path.replace(/^node:/, ''), namespace: 'node-object' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'node-object' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}')`,
      loader: 'js',
    }))
  },
}

/** Builds the bundle. `dist/remocal.mjs` is its front door for `bin/remocal`. */
export async function bundle(): Promise<void> {
  rmSync(OUT, { recursive: true, force: true })
  await build({
    entryPoints: { remocal: 'src/cli/main.ts' },
    outdir: OUT,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: ['koffi'],
    plugins: [AS_OBJECTS],
    logLevel: 'warning',
    // Dependencies in CommonJS call `require` for Node's own modules.
    banner: {
      js: "import { createRequire as remocalRequire } from 'node:module'; const require = remocalRequire(import.meta.url);",
    },
  })
  const require = createRequire(import.meta.url)
  const modules = join(OUT, 'node_modules')
  mkdirSync(modules, { recursive: true })
  const native = `@koromix/koffi-linux-${process.arch}`
  const from = dirname(require.resolve('koffi'))
  const script = (path: string): boolean =>
    statSync(path).isDirectory() || /\.(js|cjs)$|package\.json$|LICENSE/.test(path)
  const outside = (path: string): boolean => !/\/(vendor|doc|lib)$/.test(path)
  cpSync(from, join(modules, 'koffi'), { recursive: true, filter: (path) => script(path) && outside(path) })
  cpSync(join(from, '../', native), join(modules, native), {
    recursive: true,
    filter: (path) => !path.includes('musl'),
  })
  cpSync('docs/codes', join(OUT, 'docs/codes'), { recursive: true })
  writeFileSync('dist/remocal.mjs', "import './app/remocal.mjs'\n")
}

if (import.meta.main) await bundle()
