/** Debian packages and what they depend on, downloaded by apt and unpacked into a folder; kept per list of versions. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { madeOnce } from '../made-once.ts'
import { Answers, stateOf } from './answers.ts'

const WITHOUT = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map((kind) => `--no-${kind}`)

/**
 * The root file system of `packages` and all that they need.
 * @param alone packages of which nothing is taken but themselves: what they depend on is there, or serves to install them
 * @returns the folder; another call with the same versions returns the same one
 */
export function packagesRoot(packages: string[], cache: string, alone: string[] = []): string {
  const answers = new Answers(cache)
  const question = JSON.stringify([packages, alone])
  const kept = answers.get(question, stateOf())
  if (kept !== undefined && existsSync(resolve(cache, kept))) return resolve(cache, kept)
  if (!known([...packages, ...alone]))
    execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'inherit', 'inherit'] })
  const state = stateOf()
  const closure = run('apt-cache', ['depends', '--recurse', ...WITHOUT, ...packages])
    .split('\n')
    .filter((line) => /^[a-z0-9]/.test(line))
    .map((line) => line.trim().replace(/:any$/, ''))
  const names = [...new Set([...closure, ...alone])].sort()
  const versions = run('apt-cache', ['show', '--no-all-versions', ...names])
    .split('\n')
    .filter((line) => /^(Package|Version|SHA256):/.test(line))
    .join('\n')
  const key = createHash('sha256').update(versions).digest('hex').slice(0, 12)
  const root = resolve(cache, `root-${key}`)
  madeOnce(root, (fresh) => unpack(names, fresh))
  answers.keep(question, state, basename(root))
  return root
}

/** Downloads packages to a folder that goes again. */
function unpack(names: string[], unpacked: string): void {
  const downloads = `${unpacked}.packages`
  mkdirSync(downloads)
  try {
    // apt drops to a user of its own, who cannot write here: it would say so at each package.
    execFileSync('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', ...names], {
      cwd: downloads,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    for (const file of readdirSync(downloads).sort()) execFileSync('dpkg-deb', ['-x', join(downloads, file), unpacked])
  } finally {
    rmSync(downloads, { recursive: true })
  }
  for (const folder of ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/lintian', 'usr/share/bug']) {
    rmSync(join(unpacked, folder), { recursive: true, force: true })
  }
}

function known(packages: string[]): boolean {
  try {
    run('apt-cache', ['show', '--no-all-versions', ...packages])
    return true
  } catch {
    return false
  }
}

function run(command: string, args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'ignore'] })
}
