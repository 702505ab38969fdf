/** Programs of Debian packages that are run without being installed: unpacked into the project's cache. */
import { globSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { packagesRoot } from './image/packages.ts'

const CACHE = resolve(import.meta.dirname, '../dist/cache')

export interface Unpacked {
  root: string
  /** What its programs need in their environment: where their libraries are. */
  env: { LD_LIBRARY_PATH: string }
  /** @param path of a program in its package */
  program(path: string): string
}

/** Packages and all that they depend on; downloads what is not there yet. Throws when apt cannot. */
export function unpacked(...packages: string[]): Unpacked {
  const root = packagesRoot(packages, CACHE)
  const folders = globSync('{usr/,}lib/*-linux-gnu', { cwd: root }).map((path) => join(root, path))
  return { root, env: { LD_LIBRARY_PATH: folders.join(':') }, program: (path) => join(root, path) }
}
