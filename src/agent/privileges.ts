/** What the agent begins with, and how it gives that up. */
import { constants, realpathSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import koffi from 'koffi'
import type { Logger } from '../lib/logger.ts'

const NOBODY = 65534
/** <linux/capability.h>: version 3, this thread; both words of all three sets empty. */
const CAPABILITY_VERSION_3 = 0x20080522
const PR_SET_NO_NEW_PRIVS = 38
const F_SETFD = 2

/** The kernel takes the agent before the app when the pod's memory is short. */
export function offerToOom(logger: Logger): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch (error) {
    logger.warn({ error: (error as Error).message }, 'oom_score_adj could not be set')
  }
}

/**
 * Replaces this process by one that has neither capabilities nor a way to get one. It must be a new program image: the
 * kernel drops capabilities thread by thread, and the threads of Node's pools cannot be asked to.
 * @param descriptors those that the new process keeps
 * @param argv what it is started with: Node's own arguments and the program's
 * @param env what it finds in its environment beside what is there
 */
export function becomeUnprivileged(descriptors: number[], argv: string[], env: Record<string, string>): never {
  const { setgroups, setgid, setuid, execve } = process
  const libc = koffi.load('libc.so.6')
  try {
    if ([process.execPath, process.argv[1] ?? ''].every(isPublic)) {
      setgroups?.([])
      setgid?.(NOBODY)
      setuid?.(NOBODY)
    }
  } catch {
    // Without CAP_SETUID, or with one uid in the user namespace, the uid stays. It means little without capabilities.
  }
  const prctl = libc.func('int prctl(int, ulong, ulong, ulong, ulong)')
  const capset = libc.func('int capset(void *header, void *data)')
  const header = Buffer.alloc(8)
  header.writeUInt32LE(CAPABILITY_VERSION_3)
  // With it, execve gives nobody more than they have, root neither (capabilities(7)).
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) throw new Error('no_new_privs cannot be set')
  if (capset(header, Buffer.alloc(24)) !== 0) throw new Error('the capabilities cannot be dropped')
  const fcntl = libc.func('int fcntl(int, int, int)')
  for (const descriptor of descriptors) fcntl(descriptor, F_SETFD, 0)
  if (execve === undefined) throw new Error('this Node cannot replace a process')
  return execve(process.execPath, [process.execPath, ...argv], { ...process.env, ...env })
}

/** Whether everybody may read this program: one that lies in somebody's closed home stays with its user. */
function isPublic(path: string): boolean {
  let at = realpathSync(path)
  if ((statSync(at).mode & constants.S_IROTH) === 0) return false
  for (at = dirname(at); at !== '/'; at = dirname(at)) {
    if ((statSync(at).mode & constants.S_IXOTH) === 0) return false
  }
  return true
}
