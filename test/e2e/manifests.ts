/** Applies manifests as `kubectl apply` would, for machines without kubectl. */
import { globSync, readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/resources.ts'

/** The objects of all `*.yaml` files of a folder, in the files' order. */
export function manifests(folder: string): KubeObject[] {
  return globSync(`${folder}/*.yaml`)
    .sort()
    .flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as KubeObject))
}

/** Creates each object, or brings the one that exists into line. */
export async function apply(client: KubeClient, objects: KubeObject[]): Promise<void> {
  for (const object of objects) {
    const { apiVersion, kind, metadata } = object
    const path = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name }
    if ((await client.find(path)) === undefined) await client.create(object)
    else await client.patch(path, object)
  }
}
