/** `npm run image`: writes `dist/remocal.tar` and `dist/shop.tar`, without a container builder. */
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { bundle } from '../bundle.ts'
import { writeImage } from './oci.ts'
import { packagesRoot } from './packages.ts'
import type { Entry } from './tar.ts'
import { tree } from './tree.ts'

const MAX_BYTES = 80_000_000
const LIBRARIES = ['libstdc++6', 'libgcc-s1', 'libc6']

const require = createRequire(import.meta.url)
mkdirSync('dist/cache', { recursive: true })

/** What both images share: Node on Debian's C libraries, a root and an ordinary user, a place for temporary files. */
function base(packages: string[], alone: string[] = []): Entry[] {
  const node = join(dirname(require.resolve(`node-linux-${process.arch}/package.json`)), 'bin/node')
  const root = tree(
    packagesRoot(packages, 'dist/cache', alone),
    '',
    (path) => path.startsWith('usr/share/gcc') || path.startsWith('usr/share/gdb'),
  )
  const present = new Set(root.map((entry) => entry.path))
  const folders = ['tmp', 'usr', 'usr/bin', 'etc', 'run'].filter((path) => !present.has(path))
  return [
    ...folders.map((path): Entry => ({ kind: 'folder', path, mode: path === 'tmp' ? 0o1777 : 0o755 })),
    ...root,
    { kind: 'file', path: 'usr/bin/node', mode: 0o755, data: readFileSync(node) },
    text('etc/passwd', 'root:x:0:0:root:/:/bin/false\nremocal:x:65532:65532:remocal:/:/bin/false\n'),
    text('etc/group', 'root:x:0:\nremocal:x:65532:\n'),
    text('etc/nsswitch.conf', 'hosts: files dns\n'),
  ]
}

function text(path: string, content: string): Entry {
  return { kind: 'file', path, mode: 0o644, data: Buffer.from(content) }
}

await bundle()
const app = tree('dist/app', 'app')
const remocalBytes = writeImage('dist/remocal.tar', {
  tag: 'remocal:dev',
  entries: [...base(['nftables', ...LIBRARIES], ['dash']), { kind: 'folder', path: 'app', mode: 0o755 }, ...app],
  entrypoint: ['/usr/bin/node', '/app/remocal.mjs'],
  env: { NODE_ENV: 'production' },
})
process.stdout.write(`dist/remocal.tar  remocal:dev       ${(remocalBytes / 1e6).toFixed(1)} MB\n`)
if (remocalBytes > MAX_BYTES) {
  process.stderr.write(`The image is larger than ${MAX_BYTES / 1e6} MB.\n`)
  process.exit(1)
}
const shopBytes = writeImage('dist/shop.tar', {
  tag: 'remocal-shop:dev',
  entries: [...base(LIBRARIES), { kind: 'folder', path: 'shop', mode: 0o755 }, ...tree('examples/shop', 'shop')],
  entrypoint: ['/usr/bin/node'],
  workingDir: '/shop',
  user: '65532:65532',
})
process.stdout.write(`dist/shop.tar     remocal-shop:dev  ${(shopBytes / 1e6).toFixed(1)} MB\n`)
