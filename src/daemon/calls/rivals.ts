/** Other people's intercepts that want some of the same requests, where priorities say who is asked first. */
import { GROUP, type Intercept, VERSION } from '../../kube/resources.ts'
import { overlap, rankOf } from '../../lib/filter/overlap.ts'
import type { Attachment } from '../attachment/attachment.ts'
import type { Cluster } from '../cluster.ts'

export interface Rivals {
  /** They are asked first. */
  before: Intercept[]
  /** They get what this one leaves. */
  after: Intercept[]
}

/** Nobody is kept from attaching because this cannot be told. */
export async function readRivals({ client }: Cluster, attachment: Attachment): Promise<Rivals> {
  const path = { apiVersion: `${GROUP}/${VERSION}`, kind: 'Intercept', namespace: attachment.namespace }
  const { items } = await client.list<Intercept>(path).catch(() => ({ items: [] }))
  return rivalsOf(attachment, items)
}

/** @param all of its namespace */
export function rivalsOf(
  { name, workload, spec }: Pick<Attachment, 'name' | 'workload' | 'spec'>,
  all: readonly Intercept[],
): Rivals {
  const rivals: Rivals = { before: [], after: [] }
  if (spec.mode !== 'intercept') return rivals
  for (const other of all) {
    const { priority = 0, filter, ports, mode, workload: of } = other.spec
    if (other.metadata.name === name || other.metadata.deletionTimestamp !== undefined || mode !== 'intercept') continue
    if (of.kind !== workload.kind || of.name !== workload.name || priority === spec.priority) continue
    if (!ports.some(({ port }) => spec.ports.some((own) => own.port === port))) continue
    if (rankOf(filter) !== rankOf(spec.filter) || overlap(filter, spec.filter) !== 'overlap') continue
    rivals[priority > spec.priority ? 'before' : 'after'].push(other)
  }
  return rivals
}

/** One sentence for each, about requests that both filters match. */
export function rivalLines({ before, after }: Rivals, priority: number): string[] {
  const who = ({ spec }: Intercept): string => `${spec.owner} (priority ${spec.priority ?? 0})`
  return [
    ...before.map((one) => `requests that ${who(one)} wants too go there first: yours has priority ${priority}`),
    ...after.map((one) => `requests that ${who(one)} wants too come here first: yours has priority ${priority}`),
  ]
}
