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
  /** Files and folders that were not looked at, or not given back, because there are too many: at least so many. */
  left: number
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
/** What is given back, by how likely it is needed: a folder of other people's certificates takes no place from a key. */
const MOST = {
  /** Asked for, or named by the app. */
  named: { files: 96, bytes: 1024 * 1024 },
  keys: { files: 96, bytes: 512 * 1024 },
  certificates: { files: 512, bytes: 1024 * 1024 },
}
const MAX_READ = 1024
const MAX_FOLDERS = 256
const MAX_ENTRIES = 4096
const MAX_DEPTH = 4
const MAX_UNREADABLE = 96

/** The files of `named` come first, then those with keys, then those with certificates alone. */
export function search({ inside, asked, named, folders }: SearchOptions): FoundFiles {
  const found: FoundFiles = { files: [], unreadable: [], left: 0 }
  const seen = new Set<string>()
  const classes = {
    named: new Share(MOST.named),
    keys: new Share(MOST.keys),
    certificates: new Share(MOST.certificates),
  }
  const read = (path: string, kind: 'asked' | 'named' | 'searched'): void => {
    if (seen.has(path)) return
    const isAsked = kind === 'asked'
    const say = (why: string): void => void found.unreadable.push({ path, why })
    if (isClosed(path)) {
      if (isAsked) say('it belongs to the system or to the service account')
      return
    }
    if (seen.size >= MAX_READ) {
      found.left++
      return
    }
    seen.add(path)
    try {
      const pem = pemBlocks(inside.read(path, MAX_FILE_BYTES).toString('latin1'))
      const share = kind !== 'searched' ? 'named' : pem.includes('PRIVATE KEY-----') ? 'keys' : 'certificates'
      if (pem === '') {
        if (isAsked) say('it holds no certificate or key in PEM')
      } else if (!classes[share].take({ path, pem })) found.left++
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException
      // What is named in passing need not be a file.
      if (isAsked || ((code === 'EACCES' || code === 'EPERM') && found.unreadable.length < MAX_UNREADABLE)) say(code)
    }
  }
  for (const path of asked) read(path, 'asked')
  for (const path of named) read(path, 'named')
  let entries = 0
  const open: { path: string; depth: number }[] = folders.map((path) => ({ path, depth: 0 }))
  for (const [at, { path, depth }] of open.entries()) {
    if (at >= MAX_FOLDERS || entries > MAX_ENTRIES) {
      found.left += open.length - at
      break
    }
    for (const { name, isFolder } of listed(inside, path)) {
      if (++entries > MAX_ENTRIES) {
        found.left++
        break
      }
      const inner = `${path}/${name}`
      if (!isFolder) {
        if (isLikely(name)) read(inner, 'searched')
      } else if (depth < MAX_DEPTH && !name.startsWith('..') && !isClosed(inner))
        open.push({ path: inner, depth: depth + 1 })
    }
  }
  found.files.push(...classes.named.files, ...classes.keys.files, ...classes.certificates.files)
  return found
}

/** As many files as may be given back of one kind. */
class Share {
  readonly files: FoundFiles['files'] = []
  readonly #most: { files: number; bytes: number }
  #bytes = 0

  constructor(most: { files: number; bytes: number }) {
    this.#most = most
  }

  /** @returns false when it does not fit */
  take(file: FoundFiles['files'][number]): boolean {
    if (this.files.length >= this.#most.files || this.#bytes + file.pem.length > this.#most.bytes) return false
    this.#bytes += file.pem.length
    this.files.push(file)
    return true
  }
}

/** A mount point may be a file: then it is looked at as one. */
function listed(inside: SearchOptions['inside'], path: string): { name: string; isFolder: boolean }[] {
  try {
    return inside.list(path)
  } catch {
    return []
  }
}
