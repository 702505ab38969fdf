/** Takes what comes: `node bench/wire/sink.ts` prints its port. The first byte of a connection says what it does: `b` counts until the end and answers one byte, `e` echoes. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on('error', () => {})
  socket.once('data', (first: Buffer) => {
    if (first[0] === 101) {
      socket.write(first.subarray(1))
      socket.on('data', (bytes: Buffer) => socket.write(bytes))
      socket.on('end', () => socket.end())
      return
    }
    socket.on('data', () => {})
    socket.on('end', () => socket.end('!'))
  })
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
