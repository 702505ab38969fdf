/**
 * Files of another mount namespace, opened so that no link in them leads out of it (openat2(2), RESOLVE_IN_ROOT): an absolute link of the app's is
 * the app's, not ours.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import koffi from 'koffi'

/** The same on all architectures. */
const SYS_OPENAT2 = 437
/** <linux/openat2.h>. */
const RESOLVE_NO_MAGICLINKS = 0x02n
const RESOLVE_IN_ROOT = 0x10n
const { O_DIRECTORY, O_NOCTTY, O_NONBLOCK, O_RDONLY } = constants
const O_PATH = 0o10000000
const O_CLOEXEC = 0o2000000
const ERRNO: Record<number, string> = {
  1: 'EPERM',
  2: 'ENOENT',
  13: 'EACCES',
  20: 'ENOTDIR',
  38: 'ENOSYS',
  40: 'ELOOP',
}

export interface Entry {
  name: string
  isFolder: boolean
}

export class Inside {
  readonly #root: number
  readonly #syscall: (number: number, folder: number, path: string, how: Buffer, size: number) => number

  /** @param root `/proc/<pid>/root`, which CAP_SYS_PTRACE opens. Throws as `open` does. */
  constructor(root: string) {
    this.#root = openSync(root, O_PATH | O_DIRECTORY)
    this.#syscall = koffi.load('libc.so.6').func('long syscall(long, int, const char *, void *, size_t)')
  }

  /** The content of an ordinary file. Throws with the kernel's `code`, `EISDIR` for what is none, or `EFBIG`. */
  read(path: string, most: number): Buffer {
    // A pipe of the app's must not hold us.
    const descriptor = this.#open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
    try {
      const stat = fstatSync(descriptor)
      if (!stat.isFile()) throw failure('EISDIR', path)
      if (stat.size > most) throw failure('EFBIG', path)
      const bytes = Buffer.alloc(most + 1)
      let length = 0
      while (length < bytes.length) {
        const count = readSync(descriptor, bytes, length, bytes.length - length, length)
        if (count === 0) break
        length += count
      }
      // It may have grown.
      if (length > most) throw failure('EFBIG', path)
      return bytes.subarray(0, length)
    } finally {
      closeSync(descriptor)
    }
  }

  /** What a folder holds, sorted. A link counts as a file: following it is opening it. Throws as `read` does. */
  list(path: string): Entry[] {
    const descriptor = this.#open(path, O_RDONLY | O_DIRECTORY)
    try {
      return readdirSync(`/proc/self/fd/${descriptor}`, { withFileTypes: true })
        .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    } finally {
      closeSync(descriptor)
    }
  }

  close(): void {
    closeSync(this.#root)
  }

  #open(path: string, flags: number): number {
    const how = Buffer.alloc(24)
    how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC), 0)
    how.writeBigUInt64LE(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, 16)
    const descriptor = this.#syscall(SYS_OPENAT2, this.#root, path, how, how.length)
    if (descriptor >= 0) return descriptor
    const errno = koffi.errno()
    throw failure(ERRNO[errno] ?? `errno ${errno}`, path)
  }
}

function failure(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}
