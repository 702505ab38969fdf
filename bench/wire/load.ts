/** The load, in a process of its own: `node bench/wire/load.ts PORT WHAT N` prints one number. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const [port = '', what = '', amount = ''] = process.argv.slice(2)
const count = Number(amount)
const CHUNK = Buffer.alloc(256 * 1024, 120)
const BULK_BYTES = 1024 * 1024 * 1024
const PINGS = 20_000
const CONNECTIONS = 2000

async function open(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true, allowHalfOpen: true })
  await once(socket, 'connect')
  return socket
}

/** Bytes per second over `count` connections. */
async function bulk(): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: count }, open))
  const startedAt = performance.now()
  await Promise.all(
    sockets.map(async (socket) => {
      const over = once(socket, 'data')
      socket.write('b')
      for (let left = BULK_BYTES / count; left > 0; left -= CHUNK.length) {
        if (!socket.write(CHUNK)) await once(socket, 'drain')
      }
      socket.end()
      await over
    }),
  )
  return BULK_BYTES / ((performance.now() - startedAt) / 1000)
}

/** Median microseconds of 64 bytes there and back. */
async function ping(): Promise<number> {
  const socket = await open()
  const bytes = Buffer.alloc(64, 101)
  socket.write(bytes)
  await once(socket, 'data')
  const times: number[] = []
  for (let turn = 0; turn < PINGS; turn++) {
    const startedAt = performance.now()
    socket.write(bytes)
    await once(socket, 'data')
    times.push(performance.now() - startedAt)
  }
  socket.destroy()
  return (times.sort((a, b) => a - b)[PINGS / 2] ?? 0) * 1000
}

/** Connections per second, `count` at a time: each is answered and closed. */
async function churn(): Promise<number> {
  let left = CONNECTIONS
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: count }, async () => {
      while (left-- > 0) {
        const socket = await open()
        socket.end('bx')
        await once(socket, 'data')
        socket.destroy()
      }
    }),
  )
  return CONNECTIONS / ((performance.now() - startedAt) / 1000)
}

const measured = await (what === 'bulk' ? bulk() : what === 'ping' ? ping() : churn())
process.stdout.write(`${measured}\n`)
process.exit(0)
