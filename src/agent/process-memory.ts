/** Reads another process's environment from its memory: CAP_SYS_PTRACE allows it where the file's owner would not (process_vm_readv(2)). */
import { readFileSync } from 'node:fs'
import koffi from 'koffi'

/** Fields 50 and 51 of /proc/pid/stat (proc_pid_stat(5)): where the environment begins and ends. */
const ENV_START = 50
const ENV_END = 51
const MAX_ENVIRONMENT_BYTES = 8 * 1024 * 1024

/** The environment as it was at the process's start, NUL-terminated strings. Throws when the kernel does not allow it. */
export function readEnvironment(pid: number): Buffer {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field, the name, may hold anything up to the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const field = (number: number): bigint => BigInt(fields[number - 3] ?? '0')
  const start = field(ENV_START)
  const length = Number(field(ENV_END) - start)
  if (start === 0n || length < 0 || length > MAX_ENVIRONMENT_BYTES) {
    throw new Error(`the environment of process ${pid} is hidden`)
  }
  const bytes = Buffer.alloc(length)
  if (length === 0) return bytes
  const libc = koffi.load('libc.so.6')
  const local = koffi.struct({ base: 'void *', length: 'size_t' })
  const remote = koffi.struct({ base: 'uint64_t', length: 'size_t' })
  const processVmReadv = libc.func('process_vm_readv', 'long', [
    'int',
    koffi.pointer(local),
    'ulong',
    koffi.pointer(remote),
    'ulong',
    'ulong',
  ])
  const read = processVmReadv(pid, { base: bytes, length }, 1, { base: start, length }, 1, 0)
  if (read !== length) throw new Error(`the environment of process ${pid} could not be read`)
  return bytes
}
