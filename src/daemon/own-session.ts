/** Our Session object in a cluster, and what the journal still remembers of others of ours. */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { isNotFound } from '../kube/api-fault.ts'
import type { KubeClient } from '../kube/client.ts'
import { GROUP, INSTALLATION, type Session, VERSION } from '../kube/resources.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import type { Journal, JournalEntry } from './journal.ts'

/** A killed daemon's leftovers are not worth more. */
const CLEAN_MS = 5000
const OURS = `${GROUP}/${VERSION}`

export interface OwnSessionOptions {
  client: KubeClient
  journal: Journal
  /** Where the journal says that it is. */
  where: Pick<JournalEntry, 'kubeconfig' | 'context'>
  publicKey: string
  clock: Clock
  logger: Logger
}

export class OwnSession {
  readonly name: string = `${safeName(hostname())}-${randomBytes(4).toString('hex')}`
  readonly #options: OwnSessionOptions
  #spec: Session['spec'] | undefined

  constructor(options: OwnSessionOptions) {
    this.#options = options
  }

  /** Makes it, for good until `delete`. @param groups those that the user is in */
  async create(owner: string, groups: string[]): Promise<void> {
    const { publicKey, journal } = this.#options
    this.#spec = { owner, groups: groups.slice(0, 256), publicKey, host: hostname().slice(0, 253) }
    journal.add(this.#entry)
    await this.#make(this.#spec)
  }

  /** Managers take sessions away that nobody has used for a minute: after a long sleep ours must be made again. */
  async renew(): Promise<void> {
    const { client, logger } = this.#options
    const { apiVersion, kind, namespace, name } = { apiVersion: OURS, ...this.#entry }
    try {
      const found = await client.find<Session>({ apiVersion, kind, namespace, name })
      if (found === undefined && this.#spec !== undefined) await this.#make(this.#spec)
    } catch (failure) {
      if (!isNotFound(failure)) logger.info({ error: (failure as Error).message }, 'session not made again')
    }
  }

  /** Deletes it, if it was made. Never rejects: managers take away what nobody uses. */
  async delete(): Promise<void> {
    if (this.#spec !== undefined) await this.#delete(this.#entry).catch(() => {})
  }

  /** Deletes what a killed daemon left in this cluster. */
  async cleanUp(): Promise<void> {
    const { journal, where, clock, logger } = this.#options
    const left = journal.entries.filter(
      ({ kubeconfig, context }) => kubeconfig === where.kubeconfig && context === where.context,
    )
    if (left.length === 0) return
    const late = new Promise<void>((resolve) => clock.after(CLEAN_MS, resolve))
    // Attachments before the sessions that hold them.
    const ordered = [...left].sort((a, b) => a.kind.localeCompare(b.kind))
    const all = (async () => {
      for (const entry of ordered) await this.#delete(entry)
    })()
    await Promise.race([
      all.catch((error: Error) => logger.warn({ error: error.message }, 'leftovers not deleted')),
      late,
    ])
  }

  get #entry(): JournalEntry {
    return { ...this.#options.where, kind: 'Session', namespace: INSTALLATION.namespace, name: this.name }
  }

  async #make(spec: Session['spec']): Promise<void> {
    const metadata = { name: this.name, namespace: INSTALLATION.namespace }
    await this.#options.client.create<Session>({ apiVersion: OURS, kind: 'Session', metadata, spec })
  }

  async #delete(entry: JournalEntry): Promise<void> {
    const { kind, namespace, name } = entry
    await this.#options.client.delete({ apiVersion: OURS, kind, namespace, name })
    this.#options.journal.remove(entry)
  }
}

/** Fit for a Kubernetes object's name. */
function safeName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
  return name === '' ? 'laptop' : name
}
