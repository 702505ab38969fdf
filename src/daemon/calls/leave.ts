import { fault } from '../../diagnose/catalogue.ts'
import type { LeaveResult, Target } from '../../lib/daemon-api.ts'
import type { Attachment } from '../attachment/attachment.ts'
import { KINDS, shortName } from '../workload.ts'
import type { CallContext } from './context.ts'

export async function leave(
  { clusters }: CallContext,
  { target, namespace, workload }: { target: Target; namespace?: string; workload?: string },
): Promise<LeaveResult> {
  const cluster = clusters.find(target)
  const all = [...(cluster?.attachments ?? [])].filter((one) => namespace === undefined || one.namespace === namespace)
  const chosen = workload === undefined ? all : chosenOf(all, workload)
  if (workload !== undefined && chosen.length === 0) {
    const others = all.map((one) => `${shortName(one.workload)} in ${one.namespace} (${one.name})`)
    const what = others.length === 0 ? 'nothing is attached' : `attached is ${others.join(', ')}`
    throw fault('RC-I-209', `Cannot leave ${workload}: it is not attached; ${what}. Nothing was changed.`, [
      'remocal status',
    ])
  }
  await Promise.all(
    chosen.map(async (one) => {
      cluster?.attachments.delete(one)
      await one.end()
      one.left()
    }),
  )
  return {
    left: chosen.map((one) => ({ namespace: one.namespace, workload: shortName(one.workload), name: one.name })),
  }
}

/** One by its own name, or all of a workload. */
function chosenOf(all: Attachment[], typed: string): Attachment[] {
  const own = all.filter(({ name }) => name === typed)
  return own.length > 0 ? own : all.filter((one) => isNamed(one, typed))
}

function isNamed({ workload }: Attachment, typed: string): boolean {
  const [kind, name] = typed.includes('/') ? typed.split('/', 2) : [undefined, typed]
  const names = KINDS.find((one) => one.kind === workload.kind)?.names ?? []
  return workload.name === name && (kind === undefined || names.includes(kind.toLowerCase()))
}
