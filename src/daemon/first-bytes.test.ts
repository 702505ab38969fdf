import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { FirstBytes } from './first-bytes.ts'

test('FirstBytes sends what was said before and after there is a way, in order', async (t) => {
  const [program, taken] = await pair(t)
  const first = new FirstBytes(taken)
  program.write('before ')
  await once(taken, 'data')
  assert.equal(first.sent, false)
  const sent: Buffer[] = []
  first.sendBy((bytes) => void sent.push(bytes))
  program.write('after')
  await once(taken, 'data')
  assert.equal(Buffer.concat(sent).toString(), 'before after')
  assert.equal(first.sent, true)
})

test('FirstBytes keeps all that it read for another way, and leaves the rest in the socket', async (t) => {
  const [program, taken] = await pair(t)
  const first = new FirstBytes(taken)
  first.sendBy(() => {})
  program.write('one ')
  await once(taken, 'data')
  first.hold()
  assert.equal(Buffer.concat(first.stop()).toString(), 'one ')
  program.write('two')
  taken.resume()
  const [rest] = await once(taken, 'data')
  assert.equal(String(rest), 'two')
  assert.equal(Buffer.concat(first.stop()).toString(), 'one ')
})

test('FirstBytes reads no more than a bound before there is an answer', async (t) => {
  const [program, taken] = await pair(t)
  const first = new FirstBytes(taken)
  const all = Buffer.alloc(1024 * 1024, 1)
  program.end(all)
  while (!taken.isPaused()) await once(taken, 'data')
  const read = first.stop().reduce((sum, bytes) => sum + bytes.length, 0)
  assert.ok(read >= 64 * 1024 && read < 256 * 1024, `${read} bytes were read`)
  let rest = 0
  taken.on('data', (bytes: Buffer) => {
    rest += bytes.length
  })
  taken.resume()
  await once(taken, 'end')
  assert.equal(read + rest, all.length)
})

/** Both ends of a connection; the second one is paused, as the runner hands it over. */
async function pair(t: TestContext): Promise<[Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const taken = once(server, 'connection') as Promise<[Socket]>
  const program = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [socket] = await taken
  t.after(() => {
    program.destroy()
    socket.destroy()
    server.close()
  })
  return [program, socket]
}
