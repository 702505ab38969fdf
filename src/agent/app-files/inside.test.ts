import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Inside } from './inside.ts'
import { search } from './search.ts'

const outer = mkdtempSync(join(tmpdir(), 'remocal-inside-'))
const root = join(outer, 'root')
mkdirSync(join(root, 'etc/tls'), { recursive: true })
after(() => rmSync(outer, { recursive: true }))

const KEY = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'
writeFileSync(join(outer, 'secret.key'), KEY)
writeFileSync(join(root, 'etc/tls/tls.key'), KEY)
const inside = new Inside(root)

describe("files of the app's root", () => {
  it('are read, through links that stay in it', () => {
    symlinkSync('/etc/tls/tls.key', join(root, 'absolute.key'))
    symlinkSync('../etc/tls', join(root, 'etc/up'))
    for (const path of ['/etc/tls/tls.key', '/absolute.key', '/etc/up/tls.key', '/../../../etc/tls/tls.key'])
      assert.equal(inside.read(path, 100).toString(), KEY)
  })

  it('no link and no path leads out of it', () => {
    symlinkSync(join(outer, 'secret.key'), join(root, 'out.key'))
    symlinkSync('../../secret.key', join(root, 'etc/out.key'))
    symlinkSync('/proc/self/root', join(root, 'magic'))
    for (const path of ['/out.key', '/etc/out.key', '/../secret.key', '/magic/etc/passwd', `${outer}/secret.key`])
      assert.throws(() => inside.read(path, 100), { code: 'ENOENT' }, path)
  })

  it('what is no ordinary file, or larger than asked for, is refused; a pipe holds nobody', () => {
    execFileSync('mkfifo', [join(root, 'pipe.key')])
    assert.throws(() => inside.read('/pipe.key', 100), { code: 'EISDIR' })
    assert.throws(() => inside.read('/etc', 100), { code: 'EISDIR' })
    assert.throws(() => inside.read('/etc/tls/tls.key', 10), { code: 'EFBIG' })
    symlinkSync('loop', join(root, 'loop'))
    assert.throws(() => inside.read('/loop', 10), { code: 'ELOOP' })
  })

  it('folders are listed', () => {
    assert.deepEqual(inside.list('/etc'), [
      { name: 'out.key', isFolder: false },
      { name: 'tls', isFolder: true },
      { name: 'up', isFolder: false },
    ])
    assert.throws(() => inside.list('/nothing'), { code: 'ENOENT' })
  })

  it('are searched as the kubelet lays out a Secret', () => {
    const volume = join(root, 'var/tls')
    mkdirSync(join(volume, '..2026_01'), { recursive: true })
    writeFileSync(join(volume, '..2026_01/tls.key'), KEY)
    symlinkSync('..2026_01', join(volume, '..data'))
    symlinkSync('..data/tls.key', join(volume, 'tls.key'))
    const found = search({
      inside,
      asked: ['/nothing.key', '/out.key'],
      named: ['/etc/tls/tls.key', '/not'],
      folders: ['/var/tls'],
    })
    assert.deepEqual(
      found.files.map(({ path }) => path),
      ['/etc/tls/tls.key', '/var/tls/tls.key'],
    )
    assert.deepEqual(found.unreadable, [
      { path: '/nothing.key', why: 'ENOENT' },
      { path: '/out.key', why: 'ENOENT' },
    ])
  })
})
