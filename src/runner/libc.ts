/** The two system calls that mounts need: mount(8) refuses users whose uid is not 0, whatever their capabilities. */
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')
const mountCall = libc.func(
  'int mount(const char *source, const char *target, const char *type, ulong flags, const char *data)',
)
const umountCall = libc.func('int umount2(const char *target, int flags)')
const strerror = libc.func('const char *strerror(int code)')

/** Bits of <sys/mount.h>. */
export const MOUNT_FLAGS = { readOnly: 1, noSuid: 2, noDev: 4, noExec: 8, bind: 4096 } as const
const MNT_DETACH = 2

/** mount(2). Throws an Error whose message is the kernel's reason. */
export function mount(source: string, target: string, type: string | null, flags: number, data: string | null): void {
  if (mountCall(source, target, type, flags, data) !== 0) throw failure(`mount ${target}`)
}

/** Takes a mount out of the tree; what still uses it keeps it. */
export function detach(target: string): void {
  if (umountCall(target, MNT_DETACH) !== 0) throw failure(`unmount ${target}`)
}

function failure(what: string): Error {
  return new Error(`${what}: ${strerror(koffi.errno())}`)
}
