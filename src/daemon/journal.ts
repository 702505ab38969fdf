/**
 * What this daemon has made in clusters, written before it is made: a daemon that was killed leaves it for the next one to
 * delete. One file, replaced as a whole.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fault } from '../diagnose/catalogue.ts'
import { systemReason } from '../lib/system-reason.ts'

export interface JournalEntry {
  kind: 'Session' | 'Intercept'
  kubeconfig: string
  context: string
  namespace: string
  name: string
}

export class Journal {
  readonly #path: string
  #entries: JournalEntry[]

  /** Reads what a former daemon left. */
  constructor(path: string) {
    this.#path = path
    this.#entries = read(path)
  }

  get entries(): readonly JournalEntry[] {
    return this.#entries
  }

  /** Throws RC-L-103 when it cannot be written: then nothing may be made. */
  add(entry: JournalEntry): void {
    this.#write([...this.#entries, entry])
  }

  remove(entry: JournalEntry): void {
    const rest = this.#entries.filter((other) => !same(other, entry))
    try {
      this.#write(rest)
    } catch {
      // Deleting twice is harmless; not remembering would not be.
      this.#entries = rest
    }
  }

  #write(entries: JournalEntry[]): void {
    const next = `${this.#path}.new`
    try {
      writeFileSync(next, JSON.stringify(entries, undefined, 1), { mode: 0o600 })
      renameSync(next, this.#path)
    } catch (error) {
      throw fault(
        'RC-L-103',
        `Cannot write ${this.#path}: ${systemReason(error)}. Nothing was changed.`,
        ['free some space'],
        error,
      )
    }
    this.#entries = entries
  }
}

function same(a: JournalEntry, b: JournalEntry): boolean {
  return (
    a.kind === b.kind &&
    a.kubeconfig === b.kubeconfig &&
    a.context === b.context &&
    a.namespace === b.namespace &&
    a.name === b.name
  )
}

function read(path: string): JournalEntry[] {
  try {
    const said: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return Array.isArray(said) ? (said as JournalEntry[]) : []
  } catch {
    return []
  }
}
