/** Joins a stream with a socket. */
import type { Socket } from 'node:net'
import { SLAB_BYTES } from '../../lib/slab.ts'
import { lendReads, readDirectly, writeDirectly } from '../../lib/slab-socket.ts'
import { Written } from '../../lib/written.ts'
import type { Flow } from '../mux/contract.ts'

/** Smaller ones leave at once. */
const CORKED_BYTES = 16 * 1024

/** With its headers (of mux and durable link) it fills a slab at the other end, which can then write it in one piece. */
const READ_BYTES = SLAB_BYTES - 20

type Joint = Pick<Flow, 'bind' | 'send' | 'pause' | 'resume' | 'end' | 'reset'>

/**
 * Passes bytes, back-pressure, half-close and resets both ways. The socket may be paused and hold data already. Whoever accepted it from a client
 * watches for its reset while it is held; what a server sent before it was reset is still to be delivered.
 * @returns resolves when both are over
 */
export async function spliceSocket(stream: Joint, socket: Socket): Promise<void> {
  const streamOver = Promise.withResolvers<void>()
  const socketOver = Promise.withResolvers<void>()
  socket.allowHalfOpen = true
  socket.setNoDelay(true)
  if (socket.destroyed) {
    stream.reset('reset', 'the connection was gone')
    socketOver.resolve()
  }
  const written = new Written(socket)
  lendReads(socket, READ_BYTES)
  readDirectly(socket, (bytes) => {
    if (!stream.send(bytes)) socket.pause()
  })
  // An end that was reached before anybody listened is not told again.
  if (socket.readableEnded) stream.end()
  else socket.on('end', () => stream.end())
  socket.on('drain', () => {
    written.settle()
    stream.resume()
  })
  // `close` follows; the far end hears of it there.
  let failure: Error | undefined
  socket.on('error', (error) => {
    failure = error
  })
  let streamEnded = false
  // What comes in one turn leaves in one system call.
  let corked = false
  const cork = (): void => {
    if (corked) return
    corked = true
    socket.cork()
    process.nextTick(() => {
      corked = false
      socket.uncork()
      written.settle()
    })
  }
  socket.on('close', () => {
    const whole = socket.readableEnded && streamEnded && failure === undefined
    if (!whole) stream.reset('reset', failure?.message ?? 'the connection was closed')
    socketOver.resolve()
  })
  stream.bind({
    onData(bytes) {
      if (bytes.length >= CORKED_BYTES) cork()
      written.add(bytes)
      if (!writeDirectly(socket, bytes)) stream.pause()
      written.settle()
    },
    onEnd() {
      streamEnded = true
      socket.end()
    },
    onDrain: () => socket.resume(),
    onClose(reason) {
      if (reason !== undefined) socket.resetAndDestroy()
      streamOver.resolve()
    },
  })
  socket.resume()
  await Promise.all([streamOver.promise, socketOver.promise])
}
