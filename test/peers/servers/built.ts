/** Programs that are compiled before they run: once for each state of their source, kept in the project's cache. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, lstatSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Unpacked, unpacked } from '../../../scripts/debian.ts'
import { madeOnce } from '../../../scripts/made-once.ts'

const CACHE = resolve(import.meta.dirname, '../../../dist/cache')
const GO = resolve(import.meta.dirname, '../go')

type GoProgram = `${'http1' | 'http2' | 'grpc' | 'tls'}${'client' | 'server'}` | 'tlscertificates'

/** Calls `build` with an empty folder, unless the same files were built before. @returns the folder */
function built(kind: string, files: string[], build: (folder: string) => void): string {
  const sum = createHash('sha256').update(kind)
  for (const file of files) sum.update(readFileSync(file))
  return madeOnce(join(CACHE, `built-${kind}-${sum.digest('hex').slice(0, 12)}`), build)
}

/** One of the programs in `../go`; downloads what it imports, and its `go.sum` names. @returns the program */
export function builtGo(program: GoProgram): string {
  const files = globSync(['go.*', '*/*.go'], { cwd: GO })
  const build = (to: string): void => {
    const args = ['build', '-C', GO, '-o', join(to, 'program'), `./${program}`]
    execFileSync('go', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  }
  const paths = files.sort().map((file) => join(GO, file))
  return join(built(`go-${program}`, paths, build), 'program')
}

export interface Java {
  command: string
  /** What stands before the name of the class. */
  args: string[]
  env: Record<string, string>
}

/** Java 17 and one file, with the jars of Debian packages. */
export function builtJava(file: string, packages: string[] = []): Java {
  const { command, root, env } = jdk(packages)
  const jars = globSync('usr/share/java/*.jar', { cwd: root }).map((jar) => join(root, jar))
  // The other names of the same files are links.
  const path = packages.length > 0 ? jars.filter((jar) => lstatSync(jar).isFile()).join(':') : ''
  const build = (folder: string): void => {
    execFileSync(join(command, 'javac'), ['-cp', path, '-d', folder, file], { env: { ...process.env, ...env } })
  }
  const folder = built('java', [file], build)
  return { command: join(command, 'java'), args: ['-cp', `${folder}:${path}`], env }
}

/** The JDK's programs, from their package: what is installed on a machine is of any age. */
function jdk(packages: string[]): Unpacked & { command: string } {
  const all = unpacked('openjdk-17-jdk-headless', ...packages)
  const [home] = globSync('usr/lib/jvm/java-17-openjdk-*/bin/javac', { cwd: all.root })
  if (home === undefined) throw new Error('the package openjdk-17-jdk-headless has no javac')
  return { ...all, command: join(all.root, home, '..') }
}
