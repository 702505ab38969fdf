import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { systemClock } from '../../lib/clock.ts'
import { AppFiles } from './app-files.ts'
import { startShell } from './start.ts'

const folder = mkdtempSync(join(tmpdir(), 'remocal-app-files-'))
after(() => rmSync(folder, { recursive: true }))

const FOLDER = import.meta.dirname

/** Looks through a folder as the helper does, and answers as it does. */
const SEARCH = `
import { Inside } from '${FOLDER}/inside.ts'
import { search } from '${FOLDER}/search.ts'
import { writeLine } from '${FOLDER}/write-line.ts'
const { id, paths } = JSON.parse(process.argv.at(-1))
const inside = new Inside(paths[0])
await writeLine(JSON.stringify({ id, ...search({ inside, asked: [], named: [], folders: ['/roots', '/certs'] }) }))
`

/** Ends in the middle of a long answer. */
const CUT = `
const { id, paths } = JSON.parse(process.argv.at(-1))
process.stdout.write('{"id":' + id + (paths[0] === 'cut' ? ',"files":[{"pem":"abc' : ',"files":[],"unreadable":[],"left":0}\\n'), () => process.exit(paths[0] === 'cut' ? 1 : 0))
`

/** Questions answered by a program of the test, as the helper would be started. */
async function answeredBy(program: string): Promise<AppFiles> {
  const path = join(folder, 'helper.mjs')
  writeFileSync(path, program)
  const { stdin, stdout } = await startShell([path], {})
  return new AppFiles(stdin, stdout, systemClock)
}

const ECHO = `
const { id, paths, search } = JSON.parse(process.argv.at(-1))
if (paths[0] === 'crash') process.exit(1)
const answer = paths[0] === 'problem' ? { problem: 'no app' } : { files: paths.map((path) => ({ path, pem: String(search) })), unreadable: [], left: 0 }
process.stdout.write(JSON.stringify({ id, ...answer }) + '\\n')
`

describe("questions about the app's files", { timeout: 30_000 }, () => {
  it('are answered each by its own run of the helper, whatever stands in a path', async () => {
    const files = await answeredBy(ECHO)
    const odd = `/a b'"$(id)\\n;\`x\`/\u00fc.key`
    const [first, second] = await Promise.all([files.find([odd], true), files.find(['/b'], false)])
    assert.deepEqual(first.files, [{ path: odd, pem: 'true' }])
    assert.deepEqual(second.files, [{ path: '/b', pem: 'false' }])
    files.close()
  })

  it('that the helper cannot answer fail, and the next one is answered', async () => {
    const files = await answeredBy(ECHO)
    await assert.rejects(files.find(['problem'], true), /no app/)
    await assert.rejects(files.find(['crash'], true), /the helper failed/)
    assert.equal((await files.find(['/c'], true)).files.length, 1)
    files.close()
  })

  it('are answered whole where the volumes hold many certificates, the keys before them', async () => {
    for (const name of ['roots', 'certs']) mkdirSync(join(folder, name))
    const lines = `${'A'.repeat(64)}\n`.repeat(30)
    const block = (name: string): string => `-----BEGIN ${name}-----\n${lines}-----END ${name}-----\n`
    for (let n = 0; n < 480; n++) writeFileSync(join(folder, 'roots', `${n}.pem`), block('CERTIFICATE'))
    writeFileSync(join(folder, 'certs/tls.crt'), block('CERTIFICATE'))
    writeFileSync(join(folder, 'certs/tls.key'), block('PRIVATE KEY'))
    const files = await answeredBy(SEARCH)
    const found = await files.find([folder], true)
    assert.equal(found.files[0]?.path, '/certs/tls.key')
    assert.equal(found.files.length, 482)
    assert.equal(found.left, 0)
    files.close()
  })

  it('that are cut off fail in words, and the next one is answered', async () => {
    const files = await answeredBy(CUT)
    await assert.rejects(files.find(['cut'], true), /what reads them/)
    assert.deepEqual(await files.find(['/b'], true), { files: [], unreadable: [], left: 0 })
    files.close()
  })

  it('fail when what answers is gone or says nonsense', async () => {
    const files = await answeredBy(`process.stdout.write('nonsense\\n')`)
    await assert.rejects(files.find(['/a'], true))
    await assert.rejects(files.find(['/a'], true))
    files.close()
  })
})
