/**
 * The far end in the cluster, in a pod: `node sink.ts PORT`. The first line of a connection says what it does: `up MS` counts for so long and
 * answers what arrived when as one line of JSON, `down MS` sends for so long, `echo` says back what comes. No half-close is needed: kubectl's port-forward has none.
 */
import { createServer, type Socket } from 'node:net'
import { arrivals } from './arrivals.ts'

const CHUNK = Buffer.alloc(64 * 1024, 120)

function up(socket: Socket, rest: Buffer, forMs: number): void {
  const { seen, count } = arrivals()
  count(rest.length)
  socket.on('data', (bytes: Buffer) => count(bytes.length))
  setTimeout(() => socket.end(`${JSON.stringify(seen)}\n`), forMs)
}

function down(socket: Socket, forMs: number): void {
  const endsAt = performance.now() + forMs
  const fill = (): void => {
    while (performance.now() < endsAt) if (!socket.write(CHUNK)) return
    socket.end()
  }
  socket.on('drain', fill)
  fill()
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  let head = Buffer.alloc(0)
  const begin = (bytes: Buffer): void => {
    head = Buffer.concat([head, bytes])
    const at = head.indexOf('\n')
    if (at < 0) return
    socket.off('data', begin)
    const [what = '', amount = ''] = head.subarray(0, at).toString().split(' ')
    const rest = head.subarray(at + 1)
    if (what === 'up') up(socket, rest, Number(amount))
    else if (what === 'down') {
      socket.resume()
      down(socket, Number(amount))
    } else {
      socket.write(rest)
      socket.pipe(socket)
    }
  }
  socket.on('error', () => {})
  socket.on('data', begin)
})
server.listen(Number(process.argv[2]))
