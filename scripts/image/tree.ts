/** Folders of this machine as entries of a layer. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry } from './tar.ts'

/** All below `folder`, in a fixed order, under `prefix` (`''`: at the root). Owners and times are not kept. */
export function tree(folder: string, prefix: string, skip: (path: string) => boolean = () => false): Entry[] {
  const entries: Entry[] = []
  for (const name of readdirSync(folder).sort()) {
    const from = join(folder, name)
    const path = prefix === '' ? name : `${prefix}/${name}`
    if (skip(path)) continue
    const stat = lstatSync(from)
    if (stat.isSymbolicLink()) entries.push({ kind: 'link', path, target: readlinkSync(from) })
    else if (stat.isDirectory()) entries.push({ kind: 'folder', path, mode: 0o755 }, ...tree(from, path, skip))
    else if (stat.isFile())
      entries.push({ kind: 'file', path, mode: stat.mode & 0o111 ? 0o755 : 0o644, data: readFileSync(from) })
  }
  return entries
}
