/** What apt answered, kept in a folder for as long as apt would answer the same: it takes seconds to say what depends on what. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What apt's answers are made from: its lists and configuration, and what is installed. */
const SOURCES = ['/var/lib/apt/lists', '/etc/apt', '/var/lib/dpkg/status']
/** Files among them that say nothing. */
const SILENT = new Set(['lock', 'partial', 'auxfiles'])

/** A sum that is another one as soon as anything may have changed in `sources`, files or folders; those that are not there may come. */
export function stateOf(sources: readonly string[] = SOURCES): string {
  const sum = createHash('sha256').update(process.env.APT_CONFIG ?? '')
  for (const source of sources) look(source, (line) => sum.update(line))
  return sum.digest('hex')
}

function look(path: string, say: (line: string) => void): void {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true })
  if (stat === undefined) return
  if (!stat.isDirectory()) {
    say(`${path} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}\n`)
    return
  }
  for (const name of readdirSync(path).sort()) if (!SILENT.has(name)) look(join(path, name), say)
}

export class Answers {
  readonly #folder: string

  /** @param folder made when there is something to keep */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** @returns the answer that was kept for this question in this state */
  get(question: string, state: string): string | undefined {
    try {
      const kept: unknown = JSON.parse(readFileSync(this.#file(question), 'utf8'))
      if (!Array.isArray(kept) || kept[0] !== question || kept[1] !== state) return undefined
      return typeof kept[2] === 'string' ? kept[2] : undefined
    } catch {
      return undefined
    }
  }

  /** @param state before it was asked */
  keep(question: string, state: string, answer: string): void {
    const file = this.#file(question)
    mkdirSync(this.#folder, { recursive: true })
    // Several processes may ask the same.
    writeFileSync(`${file}.${process.pid}`, JSON.stringify([question, state, answer]))
    renameSync(`${file}.${process.pid}`, file)
  }

  #file(question: string): string {
    return join(this.#folder, `apt-${createHash('sha256').update(question).digest('hex').slice(0, 12)}.json`)
  }
}
