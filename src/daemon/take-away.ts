/** Attachments that are over, and still there in the cluster: this daemon could not delete them, or one before it was killed. */
import type { KubeClient } from '../kube/client.ts'
import { GROUP, VERSION } from '../kube/resources.ts'
import type { Journal, JournalEntry } from './journal.ts'

export interface Left {
  namespace: string
  name: string
}

export interface Taken {
  gone: Left[]
  /** With why they could not be deleted. */
  remaining: (Left & { why: string })[]
}

export interface TakeAwayOptions {
  client: Pick<KubeClient, 'delete'>
  journal: Pick<Journal, 'entries' | 'remove'>
  where: Pick<JournalEntry, 'kubeconfig' | 'context'>
}

/** The same for the same object. */
export function leftKey({ namespace, name }: Left): string {
  return `${namespace} ${name}`
}

/** Deletes all that the journal has of one cluster and that is meant. Never rejects; what could not be deleted stays in the journal. */
export async function takeAway(
  { client, journal, where }: TakeAwayOptions,
  isMeant: (left: Left) => boolean,
): Promise<Taken> {
  const over = journal.entries.filter(
    (entry) =>
      entry.kind === 'Intercept' &&
      entry.kubeconfig === where.kubeconfig &&
      entry.context === where.context &&
      isMeant(entry),
  )
  const taken: Taken = { gone: [], remaining: [] }
  await Promise.all(
    over.map(async (entry) => {
      const { namespace, name } = entry
      try {
        await client.delete({ apiVersion: `${GROUP}/${VERSION}`, kind: 'Intercept', namespace, name })
        journal.remove(entry)
        taken.gone.push({ namespace, name })
      } catch (error) {
        taken.remaining.push({ namespace, name, why: (error as Error).message })
      }
    }),
  )
  return taken
}
