/** Brings one object to what it should be. What others added to it stays; what we say is so. */
import { Fault } from '../../lib/fault.ts'
import type { CallOptions, KubeClient } from '../client.ts'
import type { ObjectPath } from '../path.ts'
import type { KubeObject } from '../resources.ts'

export type Applied = 'created' | 'changed' | 'unchanged'

/** Where an object is. */
export function pathOf({ apiVersion, kind, metadata }: KubeObject): ObjectPath & { name: string } {
  return { apiVersion, kind, namespace: metadata.namespace, name: metadata.name }
}

/** `statefulset remocal-manager`, for steps. */
export function titleOf({ kind, metadata }: KubeObject): string {
  return `${kind.toLowerCase()} ${metadata.name}`
}

/** Creates `object` or patches what is there; repeats when somebody else writes at the same time. */
export async function apply(client: KubeClient, object: KubeObject, options: CallOptions): Promise<Applied> {
  const path = pathOf(object)
  for (let attempt = 0; ; attempt++) {
    try {
      const before = await client.find<KubeObject>(path, options)
      if (before === undefined) {
        await client.create(object, options)
        return 'created'
      }
      if (roleRefDiffers(before, object)) {
        await client.delete(path, options)
        await client.create(object, options)
        return 'changed'
      }
      const after = await client.patch<KubeObject>(path, object, options)
      return after.metadata.resourceVersion === before.metadata.resourceVersion ? 'unchanged' : 'changed'
    } catch (error) {
      const met = error instanceof Fault && (error.code === 'RC-C-116' || error.code === 'RC-C-117')
      if (!met || attempt >= 4) throw error
    }
  }
}

/** A binding's roleRef is immutable: another one needs a new binding. */
function roleRefDiffers(before: KubeObject, object: KubeObject): boolean {
  const ref = (it: KubeObject): string => {
    const { kind, name } = (it as { roleRef?: { kind: string; name: string } }).roleRef ?? {}
    return `${kind}/${name}`
  }
  return object.kind.endsWith('RoleBinding') && ref(before) !== ref(object)
}
