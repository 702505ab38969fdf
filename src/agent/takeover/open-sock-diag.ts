/** Opens what `sock-diag-questions.ts` asks. Apart from it, because it needs koffi. */
import koffi from 'koffi'
import { failure } from './sock-diag-questions.ts'

/** <linux/netlink.h>, socket(2). */
const AF_NETLINK = 16
const SOCK_RAW_NONBLOCK_CLOEXEC = 0o3 | 0o4000 | 0o2000000
const NETLINK_SOCK_DIAG = 4

/** @returns a descriptor, which never blocks: answers are there when a question was asked. Throws when the kernel has none. */
export function openSockDiag(): number {
  const socket = koffi.load('libc.so.6').func('int socket(int, int, int)')
  const descriptor: number = socket(AF_NETLINK, SOCK_RAW_NONBLOCK_CLOEXEC, NETLINK_SOCK_DIAG)
  if (descriptor < 0) throw failure(koffi.errno())
  return descriptor
}
