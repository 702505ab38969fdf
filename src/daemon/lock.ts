/** The daemon's lock: flock(2) on a file, so that the kernel lets go of it however the holder dies. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import koffi from 'koffi'

const flock = koffi.load('libc.so.6').func('int flock(int fd, int operation)')
const LOCK_EX = 2
const LOCK_NB = 4

export interface Lock {
  release(): void
}

/** Takes the lock, or returns undefined when another process has it. The file tells the holder's pid. */
export function takeLock(path: string): Lock | undefined {
  const fd = openSync(path, 'a', 0o600)
  if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    closeSync(fd)
    return undefined
  }
  ftruncateSync(fd)
  writeSync(fd, `${process.pid}\n`)
  return { release: () => closeSync(fd) }
}
