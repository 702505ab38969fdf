/** Looks for certificates and keys in an app's files, within bounds. */
import { isClosed, isLikely } from './candidates.ts'
import type { Inside } from './inside.ts'
import { pemBlocks } from './pem.ts'

/** What one question is answered with. */
export interface FoundFiles {
  /** `pem`: the blocks of certificates and private keys in it. */
  files: { path: string; pem: string }[]
  /** Candidates that are there and may not be read, or are none. */
  unreadable: { path: string; why: string }[]
}

export interface SearchOptions {
  inside: Pick<Inside, 'read' | 'list'>
  /** Those that a person named: what is wrong with them is always said. */
  asked: readonly string[]
  /** Those that the app's command line and environment name. */
  named: readonly string[]
  /** Folders to look through. */
  folders: readonly string[]
}

const MAX_FILE_BYTES = 64 * 1024
const MAX_FILES = 96
const MAX_BYTES = 1024 * 1024
const MAX_FOLDERS = 256
const MAX_ENTRIES = 4096
const MAX_DEPTH = 4

export function search({ inside, asked, named, folders }: SearchOptions): FoundFiles {
  const found: FoundFiles = { files: [], unreadable: [] }
  const seen = new Set<string>()
  let bytes = 0
  const full = (): boolean => found.files.length >= MAX_FILES || bytes >= MAX_BYTES
  const read = (path: string, wasAsked: boolean): void => {
    if (seen.has(path) || full()) return
    seen.add(path)
    const say = (why: string): void => void found.unreadable.push({ path, why })
    if (isClosed(path)) {
      if (wasAsked) say('it belongs to the system or to the service account')
      return
    }
    try {
      const pem = pemBlocks(inside.read(path, MAX_FILE_BYTES).toString('latin1'))
      bytes += pem.length
      if (pem !== '') found.files.push({ path, pem })
      else if (wasAsked) say('it holds no certificate or key in PEM')
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException
      // What is named in passing need not be a file.
      if (wasAsked || ((code === 'EACCES' || code === 'EPERM') && found.unreadable.length < MAX_FILES)) say(code)
    }
  }
  for (const path of asked) read(path, true)
  for (const path of named) read(path, false)
  let entries = 0
  let opened = 0
  const open: { path: string; depth: number }[] = folders.map((path) => ({ path, depth: 0 }))
  for (let at = 0; at < open.length && opened < MAX_FOLDERS && entries < MAX_ENTRIES && !full(); at++) {
    const { path, depth } = open[at] ?? { path: '', depth: 0 }
    opened++
    for (const { name, isFolder } of listed(inside, path)) {
      if (++entries > MAX_ENTRIES) break
      const inner = `${path}/${name}`
      if (!isFolder) {
        if (isLikely(name)) read(inner, false)
      } else if (depth < MAX_DEPTH && !name.startsWith('..') && !isClosed(inner))
        open.push({ path: inner, depth: depth + 1 })
    }
  }
  return found
}

/** A mount point may be a file: then it is looked at as one. */
function listed(inside: SearchOptions['inside'], path: string): { name: string; isFolder: boolean }[] {
  try {
    return inside.list(path)
  } catch {
    return []
  }
}
