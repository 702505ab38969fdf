/** Sockets of another network namespace: what the pod calls localhost, too. */
import { closeSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')
const setns = libc.func('int setns(int fd, int kind)')
const socket = libc.func('int socket(int domain, int type, int protocol)')
const strerror = libc.func('const char *strerror(int code)')

const CLONE_NEWNET = 0x40000000
const AF_INET = 2
const SOCK_STREAM = 1
const SOCK_CLOEXEC = 0o2000000

/**
 * An unconnected TCP socket that belongs to the network namespace of process `pid`. A socket stays where it was made, so this
 * thread is there for two system calls only, without anything else of ours running meanwhile.
 */
export function socketIn(pid: number): Socket {
  const own = openSync('/proc/thread-self/ns/net', 'r')
  const other = openSync(`/proc/${pid}/ns/net`, 'r')
  try {
    check(setns(other, CLONE_NEWNET), "enter the pod's network")
    let fd: number
    let failed: unknown
    try {
      fd = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 'make a socket')
    } catch (error) {
      failed = error
      fd = -1
    }
    check(setns(own, CLONE_NEWNET), "return from the pod's network")
    if (fd < 0) throw failed
    // Not connected, so it must not be read from yet (`manualStart`: of node:net, not in its types).
    return new Socket({ fd, allowHalfOpen: true, manualStart: true } as ConstructorParameters<typeof Socket>[0])
  } finally {
    closeSync(own)
    closeSync(other)
  }
}

function check(result: number, what: string): number {
  if (result < 0) throw new Error(`cannot ${what}: ${strerror(koffi.errno())}`)
  return result
}
