/** Volumes of a pod, written into a folder of the sandbox and mounted from there. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StatusError } from '../apiserver/status.ts'
import type { Store, Stored } from '../apiserver/store.ts'
import { bytesOf, fieldOf } from './environment.ts'
import type { Mount } from './launch.ts'

const ACCOUNT_FOLDER = '/run/secrets/kubernetes.io/serviceaccount'

export interface VolumeSources {
  store: Store
  /** The authority's certificate, PEM. */
  authority: string
  issueToken(namespace: string, account: string): string
  nameserver: string
}

interface Item {
  key: string
  path: string
}

interface Source {
  configMap?: { name: string; optional?: boolean; items?: Item[] }
  secret?: { name?: string; secretName?: string; optional?: boolean; items?: Item[] }
  downwardAPI?: { items?: { path: string; fieldRef?: { fieldPath: string } }[] }
  serviceAccountToken?: { path: string }
}

interface Volume extends Source {
  name: string
  emptyDir?: object
  projected?: { sources?: Source[] }
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
    // Any user of the pod may write to it.
    if (volume.emptyDir !== undefined) chmodSync(folder, 0o777)
    else this.#fill(folder, volume)
    this.#made.set(name, folder)
    return folder
  }

  #fill(folder: string, volume: Volume): void {
    const sources = volume.projected?.sources ?? [volume]
    for (const source of sources) {
      const files = this.#files(source)
      if (files === undefined) {
        const kind = Object.keys(source).find((key) => key !== 'name') ?? 'such'
        throw new StatusError(501, 'NotImplemented', `RC-S-402: the sandbox has no ${kind} volumes`)
      }
      for (const [path, bytes] of files) {
        const to = join(folder, path)
        mkdirSync(dirname(to), { recursive: true })
        writeFileSync(to, bytes, { mode: 0o644 })
      }
    }
  }

  /** Undefined: of a kind that the sandbox does not have. */
  #files(source: Source): [path: string, bytes: Buffer | string][] | undefined {
    const { configMap, secret, downwardAPI, serviceAccountToken } = source
    const { namespace = '', name } = this.#pod.metadata
    const ref = configMap ?? secret
    if (ref !== undefined) {
      const kind = configMap === undefined ? 'secrets' : 'configmaps'
      const refName = ref.name ?? secret?.secretName ?? ''
      const found = this.#sources.store.find(kind, namespace, refName)
      if (found === undefined && ref.optional !== true) throw new Error(`${kind.slice(0, -1)} "${refName}" not found`)
      const data = bytesOf(found)
      const items = ref.items ?? [...data.keys()].map((key) => ({ key, path: key }))
      return items.map(({ key, path }) => {
        const bytes = data.get(key)
        if (bytes === undefined && ref.optional !== true) throw new Error(`${refName} has no key "${key}"`)
        return [path, bytes ?? '']
      })
    }
    if (downwardAPI !== undefined) {
      return (downwardAPI.items ?? []).map(({ path, fieldRef }) => {
        if (fieldRef === undefined) throw new Error(`RC-S-402: the sandbox has only fieldRef for ${path} of ${name}`)
        return [path, fieldOf(this.#pod, fieldRef.fieldPath)]
      })
    }
    if (serviceAccountToken === undefined) return undefined
    const account = this.#pod.spec.serviceAccountName ?? 'default'
    return [[serviceAccountToken.path, this.#sources.issueToken(namespace, account)]]
  }

  #file(name: string, text: string): string {
    const path = join(this.#folder, name)
    writeFileSync(path, text)
    return path
  }
}
