/** Inodes of the sockets that this process has open. */
import { readdirSync, readlinkSync } from 'node:fs'

export function ownSockets(): Set<number> {
  const found = new Set<number>()
  for (const descriptor of readdirSync('/proc/self/fd')) {
    const inode = /^socket:\[(\d+)\]$/.exec(target(descriptor))?.[1]
    if (inode !== undefined) found.add(Number(inode))
  }
  return found
}

/** Empty for the descriptor of the listing itself. */
function target(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    return ''
  }
}
