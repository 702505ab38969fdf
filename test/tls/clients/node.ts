/** The requests of `../README.md` by Node's own clients: `node node.ts PORT VERSION CA [CERT KEY]`. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http2 from 'node:http2'
import https from 'node:https'
import type { ConnectionOptions, SecureVersion } from 'node:tls'

const [port, version, ca = '', cert, key] = process.argv.slice(2)
const bound = `TLSv${version}` as SecureVersion
const own = cert !== undefined && key !== undefined ? { cert: readFileSync(cert), key: readFileSync(key) } : {}
const options: ConnectionOptions = { ca: readFileSync(ca), minVersion: bound, maxVersion: bound, ...own }
const agent = new https.Agent({ keepAlive: true, maxSockets: 1 })

async function byHttp1(method: string, path: string, user: string, body: Buffer): Promise<void> {
  const headers = { 'content-length': body.length, ...(user !== '' && { 'x-user': user }) }
  const request = https.request(`https://localhost:${port}${path}`, { ...options, agent, method, headers })
  request.end(body)
  const [answer] = await once(request, 'response')
  process.stdout.write(`1 ${answer.statusCode} ${Buffer.concat(await answer.toArray())}`)
}

for (const user of ['', 'jane', '']) await byHttp1('GET', '/a', user, Buffer.alloc(0))
for (const user of ['', 'jane']) await byHttp1('POST', '/up', user, Buffer.alloc(10_000))
agent.destroy()

const session = http2.connect(`https://localhost:${port}`, options)

async function byHttp2(method: string, path: string, user: string, body: Buffer): Promise<void> {
  const length = method === 'POST' ? { 'content-length': body.length } : {}
  const stream = session.request({
    ':method': method,
    ':path': path,
    ...length,
    ...(user !== '' && { 'x-user': user }),
  })
  if (method === 'POST') stream.end(body)
  const [answer] = await once(stream, 'response')
  process.stdout.write(`2 ${answer[':status']} ${Buffer.concat(await stream.toArray())}`)
}

for (const user of ['', 'jane', '']) await byHttp2('GET', '/a', user, Buffer.alloc(0))
for (const user of ['', 'jane']) await byHttp2('POST', '/up', user, Buffer.alloc(10_000))
session.close()
