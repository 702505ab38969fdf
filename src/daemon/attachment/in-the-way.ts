/** Which of this laptop's own intercepts want the same requests, when neither goes before the other. */
import { overlap } from '../../lib/filter/overlap.ts'
import type { Attachment } from './attachment.ts'

type Subject = Pick<Attachment, 'name' | 'workload' | 'spec'>

/** @returns their names */
export function inTheWay({ name, workload, spec }: Subject, all: Iterable<Subject>): string[] {
  const { kind, name: of, namespace } = workload
  const names: string[] = []
  for (const other of all) {
    const own = other.workload
    if (other.name === name || own.kind !== kind || own.name !== of || own.namespace !== namespace) continue
    if (other.spec.mode !== 'intercept' || other.spec.priority !== spec.priority) continue
    if (overlap(other.spec.filter, spec.filter) === 'overlap') names.push(other.name)
  }
  return names
}
