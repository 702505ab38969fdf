import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { bypassing } from './bypassing.ts'

/** As the kernel writes them: 10.0.0.9:8080 from 10.0.0.5:40000 and from itself, listening, ended; 10.0.0.5 at another port. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0900000A:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0900000A:1F90 0500000A:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: 0900000A:1F90 0900000A:9C41 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
   3: 0900000A:1F90 0600000A:9C42 06 00000000:00000000 00:00000000 00000000     0        0 4 1 0 20 4 30 10 -1
   4: 0900000A:1F91 0700000A:9C43 01 00000000:00000000 00:00000000 00000000     0        0 5 1 0 20 4 30 10 -1
`
/** The same of [fd77::2]:8080 from [fd77::1]:40000, and of a mapped 10.0.0.8. */
const TCP6 = `  sl  local_address                         remote_address                        st
   0: 000077FD000000000000000002000000:1F90 000077FD000000000000000001000000:9C40 01 00000000:00000000
   1: 0000000000000000FFFF00000900000A:1F90 0000000000000000FFFF00000800000A:9C41 01 00000000:00000000
`

test('bypassing names those who have a connection that nobody here accepted, at these ports only', () => {
  const all = bypassing([TCP, TCP6], new Set([8080]), () => false)
  assert.deepEqual([...all], ['10.0.0.5', 'fd77::1', '10.0.0.8'])
  const ours = new Set(['10.0.0.5 40000', 'fd77::1 40000', '10.0.0.8 40001'])
  assert.deepEqual([...bypassing([TCP, TCP6], new Set([8080]), (client) => ours.has(client))], [])
  assert.deepEqual([...bypassing([TCP, ''], new Set([8081]), () => false)], ['10.0.0.7'])
})

test('bypassing reads what this kernel writes', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.2')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host: '127.0.0.2', localAddress: '127.0.0.3' })
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')])
  const tables = [readFileSync('/proc/net/tcp', 'utf8')]
  assert.deepEqual([...bypassing(tables, new Set([port]), () => false)], ['127.0.0.3'])
  const own = `127.0.0.3 ${client.localPort}`
  assert.deepEqual([...bypassing(tables, new Set([port]), (one) => one === own)], [])
  client.destroy()
  accepted.destroy()
  server.close()
})
