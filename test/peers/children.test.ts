import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { test } from 'node:test'

/** Starts a server as a corpus does, says its pid and folder, and stays or throws. */
const program = (then: string): string => `
import { started } from ${JSON.stringify(new URL('./started.ts', import.meta.url).href)}
let place
const server = 'require("node:net").createServer().listen(Number(process.argv[1]), "127.0.0.1")'
const { pid } = await started((port, folder) => {
  place = folder
  return { command: process.execPath, args: ['-e', server, String(port)] }
})
console.log(JSON.stringify({ pid, place }))
${then}
`

async function startedBy(then: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(then)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const told: { pid: number; place: string } = JSON.parse(line.toString())
  return { child, ...told }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`servers end with who is ended by ${signal}, and their folders go`, async () => {
    const { child, pid, place } = await startedBy('setInterval(() => {}, 1e6)')
    assert.ok(existsSync(place))
    child.kill(signal)
    assert.deepEqual(await once(child, 'exit'), [null, signal])
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
    assert.ok(!existsSync(place))
  })
}

test('servers end with who fails', async () => {
  const { child, pid } = await startedBy('throw new Error("no")')
  const [code] = await once(child, 'exit')
  assert.equal(code, 1)
  // Nobody waits for it any more: its last moments may be seen.
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      break
    }
    await new Promise(setImmediate)
  }
})
