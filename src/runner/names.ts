/**
 * How names are resolved in the namespace: an /etc of its own, in which `resolv.conf` names our address and
 * `nsswitch.conf` knows nothing but files and DNS. It lies over the laptop's /etc as a whole, because a bind mount over one
 * file vanishes when the laptop renames a new file over it.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { detach, MOUNT_FLAGS, mount } from './libc.ts'

export interface NamesOptions {
  nameserver: string
  search: string[]
  /** An empty folder that may be mounted over for a moment. */
  folder: string
}

/** Lays the namespace's names. Returns what could not be had, as sentences. Throws when not even the fallback works. */
export function setUpNames(options: NamesOptions): string[] {
  const { folder } = options
  const safe = MOUNT_FLAGS.noSuid | MOUNT_FLAGS.noDev
  mount('tmpfs', folder, 'tmpfs', safe, 'mode=755,size=64k')
  const etc = `${folder}/etc`
  mkdirSync(etc, { mode: 0o755 })
  mkdirSync(`${folder}/empty`, { mode: 0o755 })
  writeFileSync(`${etc}/resolv.conf`, resolvConf(options), { mode: 0o644 })
  writeFileSync(`${etc}/nsswitch.conf`, nsswitch(read('/etc/nsswitch.conf')), { mode: 0o644 })
  maskNscd(`${folder}/empty`)
  const notes: string[] = []
  try {
    mount('overlay', '/etc', 'overlay', MOUNT_FLAGS.readOnly | safe, `lowerdir=${etc}:/etc`)
  } catch {
    for (const name of ['resolv.conf', 'nsswitch.conf']) {
      const target = `/etc/${name}`
      if (existsSync(target)) mount(`${etc}/${name}`, realpathSync(target), null, MOUNT_FLAGS.bind, null)
      else if (name === 'resolv.conf') throw new Error('/etc/resolv.conf does not exist and /etc cannot be overlaid')
    }
    notes.push(
      'cluster names may stop resolving when this machine rewrites /etc/resolv.conf: /etc cannot be overlaid here',
    )
  }
  detach(folder)
  return notes
}

/** nscd answers from its own cache, which knows the laptop's names only. */
function maskNscd(empty: string): void {
  for (const folder of ['/run/nscd', '/var/run/nscd']) {
    if (existsSync(`${folder}/socket`)) mount(empty, realpathSync(folder), null, MOUNT_FLAGS.bind, null)
  }
}

/** The text of `resolv.conf`. */
export function resolvConf({ nameserver, search }: Pick<NamesOptions, 'nameserver' | 'search'>): string {
  return `nameserver ${nameserver}\nsearch ${search.join(' ')}\noptions ndots:5 timeout:6 attempts:2\n`
}

/** The laptop's `nsswitch.conf` with its `hosts` line replaced. */
export function nsswitch(text: string): string {
  const others = text.split('\n').filter((line) => !/^\s*hosts\s*:/.test(line) && line !== '')
  return `${[...others, 'hosts: files dns'].join('\n')}\n`
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
