import assert from 'node:assert/strict'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { describe, it } from 'node:test'
import { listeningPorts } from './listening.ts'
import { listeningSockets } from './listening-sockets.ts'
import { openSockDiag } from './open-sock-diag.ts'
import { readAnswer, SockDiagQuestions } from './sock-diag-questions.ts'

async function listen(host: string, ipv6Only = false): Promise<Server> {
  const server = createServer().listen({ host, port: 0, ipv6Only })
  await once(server, 'listening')
  return server
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

describe('listeningSockets', () => {
  it('finds what /proc tells, and no loopback and no connections', async () => {
    const questions = new SockDiagQuestions(openSockDiag())
    const open = await Promise.all([listen('0.0.0.0'), listen('::', true), listen('::')])
    const hidden = await Promise.all([listen('127.0.0.1'), listen('::1'), listen('::ffff:127.0.0.1')])
    const client = connect(portOf(open[0] as Server), '127.0.0.1')
    await once(client, 'connect')
    for (let turn = 0; turn < 3; turn++) {
      const found = listeningSockets(questions)
      for (const server of open) assert.ok(found.has(portOf(server)))
      for (const server of hidden) assert.ok(!found.has(portOf(server)))
      assert.ok(!found.has(client.localPort ?? 0))
      assert.deepEqual(
        [...found].filter((port) => open.some((one) => portOf(one) === port)).sort(),
        [...listeningPorts()].filter((port) => open.some((one) => portOf(one) === port)).sort(),
      )
    }
    const many = await Promise.all(Array.from({ length: 300 }, () => listen('0.0.0.0')))
    const found = listeningSockets(questions)
    for (const server of many) assert.ok(found.has(portOf(server)))
    client.destroy()
    for (const server of [...open, ...hidden, ...many]) server.close()
    closeSync(questions.socket)
    assert.throws(() => listeningSockets(questions), { code: 'EBADF' })
  })

  const message = (type: number, sequence: number, body: Buffer): Buffer => {
    const bytes = Buffer.alloc(16 + body.length)
    bytes.writeInt32LE(bytes.length, 0)
    bytes.writeUInt16LE(type, 4)
    bytes.writeInt32LE(sequence, 8)
    body.copy(bytes, 16)
    return bytes
  }

  it('passes over what belongs to another question, and says errors', () => {
    const ports: number[] = []
    const onSocket = (message: Buffer): void => void ports.push(message.readUInt16BE(4))
    const socket = Buffer.alloc(72)
    socket[0] = 2
    socket.writeUInt16BE(8080, 4)
    assert.equal(readAnswer(message(20, 1, socket), 2, onSocket), false)
    assert.equal(readAnswer(message(3, 1, Buffer.alloc(4)), 2, onSocket), false)
    assert.deepEqual(ports, [])
    assert.equal(readAnswer(Buffer.concat([message(20, 2, socket), message(3, 2, Buffer.alloc(4))]), 2, onSocket), true)
    assert.deepEqual(ports, [8080])
    const refused = Buffer.alloc(4)
    refused.writeInt32LE(-2)
    assert.throws(() => readAnswer(message(2, 2, refused), 2, onSocket), /sock_diag: ENOENT/)
    assert.throws(() => readAnswer(message(20, 2, socket).subarray(0, 40), 2, onSocket), /cut/)
    assert.throws(() => readAnswer(Buffer.alloc(16), 2, onSocket), /cut/)
  })
})
