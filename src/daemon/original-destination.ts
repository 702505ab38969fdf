/** Where a redirected connection was going: netfilter keeps it, SO_ORIGINAL_DST tells it (linux/netfilter_ipv4.h). */
import type net from 'node:net'
import koffi from 'koffi'

const SOL_IP = 0
const SO_ORIGINAL_DST = 80
const getsockopt = koffi
  .load('libc.so.6')
  .func('int getsockopt(int fd, int level, int option, void *value, void *length)')

export interface Destination {
  host: string
  port: number
}

/** The original destination of an accepted connection; undefined when it was not redirected. */
export function originalDestination(socket: net.Socket): Destination | undefined {
  const { _handle: handle } = socket as unknown as { _handle?: { fd: number } }
  if (handle === undefined || handle.fd < 0) return undefined
  const address = Buffer.alloc(16)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(address.length)
  if (getsockopt(handle.fd, SOL_IP, SO_ORIGINAL_DST, address, length) !== 0) return undefined
  const host = `${address[4]}.${address[5]}.${address[6]}.${address[7]}`
  const port = address.readUInt16BE(2)
  if (host === socket.localAddress && port === socket.localPort) return undefined
  return { host, port }
}
