/** Connections to programs of this laptop. */
import type { Socket } from 'node:net'
import { connectSlabs } from '../lib/slab-socket.ts'

/** A program may listen on either family. @returns a paused socket. Rejects with the kernel's `code`. */
export async function connectLaptop(port: number): Promise<Socket> {
  try {
    return await connectTo('127.0.0.1', port)
  } catch (error) {
    return connectTo('::1', port).catch(() => Promise.reject(error))
  }
}

function connectTo(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSlabs({ host, port, noDelay: true, allowHalfOpen: true })
    socket.pause()
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })
}
