/** Folders of a cache that any number of processes may want at once. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'

/** What a rename says of a folder that is there already. */
const THERE = new Set(['ENOTEMPTY', 'EEXIST'])

/**
 * Has a folder made, unless it is there.
 * @param make fills an empty folder, which then is moved to its place whole. Of several who do so at once one is first, and all have what that one made.
 * Throws what `make` throws; then nothing is left.
 */
export function madeOnce(folder: string, make: (fresh: string) => void): string {
  if (existsSync(folder)) return folder
  mkdirSync(dirname(folder), { recursive: true })
  const fresh = mkdtempSync(`${folder}.new-`)
  try {
    // Others may look into what is in the cache.
    chmodSync(fresh, 0o755)
    make(fresh)
    renameSync(fresh, folder)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    if (!THERE.has((error as NodeJS.ErrnoException).code ?? '') || !existsSync(folder)) throw error
  }
  return folder
}
