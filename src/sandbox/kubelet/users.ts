/** Which users a container may be. */
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Whether this user namespace knows a user. */
export function isMapped(uid: number, map: string = readFileSync('/proc/self/uid_map', 'utf8')): boolean {
  return map
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .some(([first = 0, , count = 0]) => uid >= first && uid < first + count)
}

/** The folder above `path` that is closed to those who do not own it: an image in somebody's home. */
export function closedFolder(path: string, uid: number): string | undefined {
  let folder = realpathSync(path)
  while (folder !== '/') {
    const { mode, uid: owner } = statSync(folder)
    if ((mode & 0o001) === 0 && owner !== uid) return folder
    folder = dirname(folder)
  }
  return undefined
}
