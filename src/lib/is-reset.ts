/** Whether the far end has reset a connection that nobody reads. */
import { writeSync } from 'node:fs'
import type { Socket } from 'node:net'

/** What Node's sockets have and do not declare. */
interface Inner {
  _handle?: { fd?: number; getpeername?(out: object): number } | null
}

const NOTHING = Buffer.alloc(0)

/**
 * The kernel tells of a reset only who reads or writes; of a paused socket it can be asked, for a connection that is over has no peer any more
 * (ENOTCONN, getpeername(2)). But it is over in order too, once both ends have said that they send no more, and what the far end sent is still to be
 * read: then a write, of nothing, fails for this end's own part (EPIPE), and else for why the connection is over (ECONNRESET, ETIMEDOUT). EPIPE
 * it is as well when the far end had ended its side before the reset: a reader gets all of it and the end.
 * @returns false for one that has only ended, and where the kernel cannot be asked
 */
export function isReset(socket: Socket): boolean {
  const { _handle: handle } = socket as Inner
  if (typeof handle?.getpeername !== 'function' || handle.getpeername({}) >= 0) return false
  return handle.fd === undefined || handle.fd < 0 || writeFails(handle.fd)
}

/** For another reason than that one of the ends has ended its side. */
function writeFails(fd: number): boolean {
  try {
    writeSync(fd, NOTHING)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPIPE'
  }
}
