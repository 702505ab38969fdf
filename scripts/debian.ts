/** Programs of Debian packages that are run without being installed: unpacked into the project's cache. */
import { existsSync, globSync, lstatSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { packagesRoot } from './image/packages.ts'

const CACHE = resolve(import.meta.dirname, '../dist/cache')

/** Where programs find files of their own by links that only lead there when they are installed. */
const LINKED = ['usr/lib/jvm/**']

export interface Unpacked {
  root: string
  /** What its programs need in their environment: where their libraries are. */
  env: { LD_LIBRARY_PATH: string }
  /** @param path of a program in its package */
  program(path: string): string
}

const known = new Map<string, Unpacked>()

/** Packages and all that they depend on; downloads what is not there yet. Throws when apt cannot. */
export function unpacked(...packages: string[]): Unpacked {
  const name = packages.join(' ')
  const found = known.get(name) ?? unpack(packages)
  known.set(name, found)
  return found
}

function unpack(packages: string[]): Unpacked {
  const root = packagesRoot(packages, CACHE)
  for (const place of LINKED) relink(root, place)
  const folders = globSync('{usr/,}lib/*-linux-gnu', { cwd: root }).map((path) => join(root, path))
  return { root, env: { LD_LIBRARY_PATH: folders.join(':') }, program: (path) => join(root, path) }
}

/** Lets absolute links lead to the same place below `root`. */
function relink(root: string, place: string): void {
  for (const name of globSync(place, { cwd: root })) {
    const path = join(root, name)
    if (!lstatSync(path).isSymbolicLink()) continue
    const to = join(root, readlinkSync(path))
    if (!readlinkSync(path).startsWith('/') || !existsSync(to)) continue
    unlinkSync(path)
    symlinkSync(relative(dirname(path), to), path)
  }
}
