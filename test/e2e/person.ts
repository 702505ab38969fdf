/** A second person: a ServiceAccount with a developer's rights and a kubeconfig of its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/resources.ts'
import { apply } from './manifests.ts'

export interface Person {
  /** As the API server calls them. */
  user: string
  /** What to run `remocal` with. */
  env: Record<string, string>
  end(): Promise<void>
}

interface Kubeconfig {
  clusters: object[]
  users: object[]
  contexts: { name: string; context: { user: string } }[]
  'current-context': string
}

/** @param role ClusterRole that the person has in namespace shop; undefined: none at all */
export async function person(client: KubeClient, kubeconfig: string, name: string, role?: string): Promise<Person> {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'shop' } }
  const objects: KubeObject[] = [account]
  if (role !== undefined) objects.push(binding(name, role))
  await apply(client, objects)
  const { status } = await client.post<{ status?: { token: string } }>(
    { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'shop', name, subresource: 'token' },
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  )
  const folder = mkdtempSync(join(tmpdir(), 'remocal-e2e-'))
  const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig
  config.users = [{ name, user: { token: status?.token } }]
  for (const { context } of config.contexts) context.user = name
  const path = join(folder, 'kubeconfig')
  writeFileSync(path, stringify(config), { mode: 0o600 })
  return {
    user: `system:serviceaccount:shop:${name}`,
    env: { KUBECONFIG: path, REMOCAL_HOME: join(folder, 'state') },
    async end() {
      for (const { apiVersion, kind, metadata } of objects.reverse()) {
        await client.delete({ apiVersion, kind, namespace: metadata.namespace, name: metadata.name })
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function binding(name: string, role: string): KubeObject {
  const object = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name, namespace: 'shop' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'shop' }],
  }
  return object
}
