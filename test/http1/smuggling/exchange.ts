/** One connection: all bytes at once, the end, and what came back. */
import { connect } from 'node:net'

/** A server that waits for more for so long is taken as one that says nothing. */
const LIMIT_MS = 3000

export interface Answered {
  text: string
  /** It ended with a reset. */
  reset: boolean
}

export function exchange(port: number, bytes: string): Promise<Answered> {
  const { promise, resolve } = Promise.withResolvers<Answered>()
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const pieces: Buffer[] = []
  let reset = false
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  socket.on('error', () => {
    reset = true
  })
  socket.setTimeout(LIMIT_MS, () => socket.destroy())
  socket.on('close', () => resolve({ text: Buffer.concat(pieces).toString('latin1'), reset }))
  socket.end(Buffer.from(bytes, 'latin1'))
  return promise
}

/** The requests that a server saw, by its answers: `METHOD path`. */
export function seen(text: string): string[] {
  return [...text.matchAll(/<<(\S+) (\S*) \S+>>/g)].map(([, method, target = '']) => `${method} ${pathOf(target)}`)
}

function pathOf(target: string): string {
  const rest = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/\?.*/, '')
  return rest === '' ? '/' : rest
}

/** Whether the agent itself answered. */
export const isOwn = (text: string): boolean => /^x-remocal-error: /m.test(text)
