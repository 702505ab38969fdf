/** Opens what `socket-diag.ts` asks. Apart from it, because it needs koffi. */
import koffi from 'koffi'

/** <linux/netlink.h>, socket(2). */
const AF_NETLINK = 16
const SOCK_RAW_NONBLOCK_CLOEXEC = 0o3 | 0o4000 | 0o2000000
const NETLINK_SOCK_DIAG = 4

/** @returns a descriptor; undefined where there is no such socket to be had */
export function openSocketDiag(): number | undefined {
  const socket = koffi.load('libc.so.6').func('int socket(int, int, int)')
  const descriptor: number = socket(AF_NETLINK, SOCK_RAW_NONBLOCK_CLOEXEC, NETLINK_SOCK_DIAG)
  return descriptor < 0 ? undefined : descriptor
}
