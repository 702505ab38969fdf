/** Connections to the program's own listening ports, made inside its namespace and handed to the daemon unread. */
import net from 'node:net'
import type { FromRunner, ToRunner } from '../lib/runner-protocol.ts'

type Connect = Extract<ToRunner, { kind: 'connect' }>
type Hand = (message: FromRunner, socket?: net.Socket) => Promise<void>

/** Answers one `connect`: 127.0.0.1 first, then ::1, since a program may listen on either. */
export async function connectProgram({ id, port }: Connect, hand: Hand): Promise<void> {
  let error = new Error('not tried')
  for (const host of ['127.0.0.1', '::1']) {
    try {
      const socket = await connect(host, port)
      await hand({ kind: 'connected', id }, socket)
      socket.destroy()
      return
    } catch (reason) {
      error = reason as Error
    }
  }
  await hand({ kind: 'refused', id, code: (error as NodeJS.ErrnoException).code ?? 'unknown', message: error.message })
}

function connect(host: string, port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true, allowHalfOpen: true })
    // Paused before it is connected, so that not a byte of it is read in this process.
    socket.pause()
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })
}
