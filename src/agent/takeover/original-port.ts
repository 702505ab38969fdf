/** Where a redirected connection was going (`SO_ORIGINAL_DST`, <linux/netfilter_ipv4.h>, <linux/netfilter_ipv6/ip6_tables.h>). */
import type { Socket } from 'node:net'
import koffi, { type KoffiFunc } from 'koffi'

const SOL_IP = 0
const SOL_IPV6 = 41
const SO_ORIGINAL_DST = 80
/** The port's place in `sockaddr_in` and `sockaddr_in6`. */
const PORT_AT = 2
const SOCKADDR_IN6_BYTES = 28

const getsockopt: KoffiFunc<(fd: number, level: number, name: number, value: Buffer, length: number[]) => number> =
  koffi.load('libc.so.6').func('int getsockopt(int, int, int, _Out_ void *, _Inout_ uint32_t *)')

/** The port that the client had asked for; undefined when the connection was not redirected. */
export function originalPort(client: Socket): number | undefined {
  const { _handle: handle } = client as unknown as { _handle: { fd: number } | null }
  if (handle === null) return undefined
  const address = Buffer.alloc(SOCKADDR_IN6_BYTES)
  for (const level of client.remoteFamily === 'IPv6' ? [SOL_IPV6, SOL_IP] : [SOL_IP]) {
    if (getsockopt(handle.fd, level, SO_ORIGINAL_DST, address, [address.length]) === 0) {
      return address.readUInt16BE(PORT_AT)
    }
  }
  return undefined
}
