/** Whether the far end has reset a connection that nobody reads. */
import type { Socket } from 'node:net'

/** What Node's sockets have and do not declare. */
interface Inner {
  _handle?: { getpeername?(out: object): number } | null
}

/**
 * The kernel tells of a reset only who reads or writes; of a paused socket it can be asked, for a connection that is over has no peer any more
 * (ENOTCONN, getpeername(2)). False for one that has only ended, and where the kernel cannot be asked.
 */
export function isReset(socket: Socket): boolean {
  const { _handle: handle } = socket as Inner
  return typeof handle?.getpeername === 'function' && handle.getpeername({}) < 0
}
