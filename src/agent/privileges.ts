/** Gives up what the agent needed to begin. */
import { readFileSync, writeFileSync } from 'node:fs'
import koffi from 'koffi'
import type { Logger } from '../lib/logger.ts'

const NOBODY = 65534
/** <linux/capability.h>: version 3, this thread; both words of all three sets empty. */
const CAPABILITY_VERSION_3 = 0x20080522
const PR_SET_NO_NEW_PRIVS = 38

/** The kernel takes the agent before the app when the pod's memory is short. */
export function offerToOom(logger: Logger): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch (error) {
    logger.warn({ error: (error as Error).message }, 'oom_score_adj could not be set')
  }
}

/** Becomes an unprivileged user, or at least loses every capability. Throws when the kernel still grants one. */
export function dropPrivileges(): void {
  const { setgroups, setgid, setuid } = process
  try {
    setgroups?.([])
    setgid?.(NOBODY)
    setuid?.(NOBODY)
  } catch {
    // Without CAP_SETUID, or with one uid in the user namespace: the uid stays, the capabilities go.
    emptyCapabilities()
  }
  const left = effectiveCapabilities()
  if (left !== 0n) throw new Error(`capabilities ${left.toString(16)} are left`)
}

function emptyCapabilities(): void {
  const libc = koffi.load('libc.so.6')
  const prctl = libc.func('int prctl(int, ulong, ulong, ulong, ulong)')
  const capset = libc.func('int capset(void *header, void *data)')
  const header = Buffer.alloc(8)
  header.writeUInt32LE(CAPABILITY_VERSION_3)
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
  capset(header, Buffer.alloc(24))
}

function effectiveCapabilities(): bigint {
  const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
  return BigInt(`0x${hex}`)
}
