import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { systemClock } from '../../lib/clock.ts'
import { AppFiles } from './app-files.ts'
import { startShell } from './start.ts'

const folder = mkdtempSync(join(tmpdir(), 'remocal-app-files-'))
after(() => rmSync(folder, { recursive: true }))

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
const answer = paths[0] === 'problem' ? { problem: 'no app' } : { files: paths.map((path) => ({ path, pem: String(search) })), unreadable: [] }
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

  it('fail when what answers is gone or says nonsense', async () => {
    const files = await answeredBy(`process.stdout.write('nonsense\\n')`)
    await assert.rejects(files.find(['/a'], true))
    await assert.rejects(files.find(['/a'], true))
  })
})
