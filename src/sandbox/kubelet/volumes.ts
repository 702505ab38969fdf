/** Volumes of a pod, written into a folder of the sandbox and mounted from there. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StatusError } from '../apiserver/status.ts'
import type { Store, Stored } from '../apiserver/store.ts'
import { dataOf } from './environment.ts'
import type { Mount } from './launch.ts'

const ACCOUNT_FOLDER = '/run/secrets/kubernetes.io/serviceaccount'

export interface VolumeSources {
  store: Store
  /** The authority's certificate, PEM. */
  authority: string
  issueToken(namespace: string, account: string): string
  nameserver: string
}

interface Volume {
  name: string
  emptyDir?: object
  configMap?: { name: string; optional?: boolean; items?: { key: string; path: string }[] }
  secret?: { secretName: string; optional?: boolean; items?: { key: string; path: string }[] }
  [other: string]: unknown
}

export class PodVolumes {
  readonly #folder: string
  readonly #pod: Stored
  readonly #sources: VolumeSources
  readonly #made = new Map<string, string>()

  constructor(folder: string, pod: Stored, sources: VolumeSources) {
    this.#folder = folder
    this.#pod = pod
    this.#sources = sources
    mkdirSync(folder, { recursive: true, mode: 0o755 })
  }

  /** What a container mounts: its volumes, its names, its account. Throws with what is missing. */
  mounts(container: {
    volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[]
  }): Mount[] {
    const own = (container.volumeMounts ?? []).map(({ name, mountPath, readOnly = false, subPath }) => ({
      from: join(this.#volume(name), subPath ?? ''),
      to: mountPath,
      readOnly,
    }))
    return [...this.#names(), ...this.#account(), ...own]
  }

  #names(): Mount[] {
    const { namespace, name } = this.#pod.metadata
    const search = [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'].join(' ')
    const resolv = this.#file(
      'resolv.conf',
      `nameserver ${this.#sources.nameserver}\nsearch ${search}\noptions ndots:5\n`,
    )
    const hosts = this.#file(
      'hosts',
      `127.0.0.1 localhost\n::1 localhost\n${this.#pod.status?.podIP ?? '127.0.0.1'} ${name}\n`,
    )
    const switching = this.#file('nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n')
    return [
      { from: resolv, to: '/etc/resolv.conf', readOnly: true },
      { from: hosts, to: '/etc/hosts', readOnly: true },
      { from: switching, to: '/etc/nsswitch.conf', readOnly: true },
    ]
  }

  #account(): Mount[] {
    const { namespace = '' } = this.#pod.metadata
    const { serviceAccountName = 'default', automountServiceAccountToken } = this.#pod.spec
    const account = this.#sources.store.find('serviceaccounts', namespace, serviceAccountName)
    if ((automountServiceAccountToken ?? account?.automountServiceAccountToken) === false) return []
    const folder = join(this.#folder, 'account')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'token'), this.#sources.issueToken(namespace, serviceAccountName))
    writeFileSync(join(folder, 'ca.crt'), this.#sources.authority)
    writeFileSync(join(folder, 'namespace'), namespace)
    return [{ from: folder, to: ACCOUNT_FOLDER, readOnly: true }]
  }

  #volume(name: string): string {
    const known = this.#made.get(name)
    if (known !== undefined) return known
    const volume = ((this.#pod.spec.volumes ?? []) as Volume[]).find((one) => one.name === name)
    if (volume === undefined) throw new Error(`there is no volume "${name}"`)
    const folder = join(this.#folder, 'volumes', name)
    mkdirSync(folder, { recursive: true })
    const ref = volume.configMap ?? (volume.secret && { ...volume.secret, name: volume.secret.secretName })
    if (ref !== undefined) {
      const kind = volume.configMap === undefined ? 'secrets' : 'configmaps'
      const found = this.#sources.store.find(kind, this.#pod.metadata.namespace, ref.name)
      if (found === undefined && ref.optional !== true) throw new Error(`${kind.slice(0, -1)} "${ref.name}" not found`)
      const data = dataOf(found)
      const items = ref.items ?? Object.keys(data).map((key) => ({ key, path: key }))
      for (const { key, path } of items) writeFileSync(join(folder, path), data[key] ?? '')
    } else if (volume.emptyDir === undefined) {
      const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'this'
      throw new StatusError(501, 'NotImplemented', `RC-S-402: the sandbox has no ${kind} volumes`)
    }
    this.#made.set(name, folder)
    return folder
  }

  #file(name: string, text: string): string {
    const path = join(this.#folder, name)
    writeFileSync(path, text)
    return path
  }
}
