/** The part of kubeconfig files that Remocal uses, and how several of them become one (the first to name a thing wins). */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import * as v from 'valibot'
import { parse } from 'yaml'
import { fault } from '../diagnose/catalogue.ts'
import { execSchema } from './exec-credential.ts'

const text = v.nullish(v.string())
const clusterSchema = v.object({
  server: v.string(),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': v.nullish(v.boolean()),
  'proxy-url': text,
})
const userSchema = v.object({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  'as-uid': text,
  'as-groups': v.nullish(v.array(v.string())),
  exec: v.nullish(execSchema),
  'auth-provider': v.nullish(v.object({ name: v.string(), config: v.nullish(v.record(v.string(), v.unknown())) })),
})
const contextSchema = v.object({ cluster: v.string(), user: v.optional(v.string(), ''), namespace: text })
const fileSchema = v.object({
  clusters: v.nullish(v.array(v.object({ name: v.string(), cluster: clusterSchema }))),
  users: v.nullish(v.array(v.object({ name: v.string(), user: v.nullish(userSchema) }))),
  contexts: v.nullish(v.array(v.object({ name: v.string(), context: contextSchema }))),
  'current-context': text,
})

export type ClusterEntry = v.InferOutput<typeof clusterSchema>
export type UserEntry = v.InferOutput<typeof userSchema>
export type ContextEntry = v.InferOutput<typeof contextSchema>

/** An entry and the folder of its file: paths in it are relative to that. */
export interface Placed<T> {
  entry: T
  folder: string
}

export interface Kubeconfig {
  clusters: Map<string, Placed<ClusterEntry>>
  users: Map<string, Placed<UserEntry>>
  contexts: Map<string, ContextEntry>
  current: string | undefined
}

/**
 * Reads and merges kubeconfig files.
 * @param list absolute paths, `:`-separated as in KUBECONFIG; files of a longer list may be missing, but not all
 * @throws RC-C-102 when a file cannot be read or is no kubeconfig
 */
export function readKubeconfig(list: string): Kubeconfig {
  const paths = list.split(':').filter((path) => path !== '')
  const merged: Kubeconfig = { clusters: new Map(), users: new Map(), contexts: new Map(), current: undefined }
  let read = 0
  for (const path of paths) {
    const file = readOne(path, paths.length > 1)
    if (file === undefined) continue
    read++
    const folder = dirname(resolve(path))
    for (const { name, cluster } of file.clusters ?? []) keepFirst(merged.clusters, name, { entry: cluster, folder })
    for (const { name, user } of file.users ?? []) keepFirst(merged.users, name, { entry: user ?? {}, folder })
    for (const { name, context } of file.contexts ?? []) keepFirst(merged.contexts, name, context)
    merged.current ??= file['current-context'] || undefined
  }
  if (read > 0) return merged
  const what = paths.length === 0 ? 'No kubeconfig was named' : `There is no kubeconfig at ${paths.join(' or ')}`
  throw fault('RC-C-102', `${what}, so no cluster is known.`, ['Set KUBECONFIG, or name the file with --kubeconfig'])
}

function readOne(path: string, mayBeMissing: boolean): v.InferOutput<typeof fileSchema> | undefined {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') {
      if (mayBeMissing) return undefined
      throw fault(
        'RC-C-102',
        `There is no kubeconfig at ${path}, so no cluster is known.`,
        ['Set KUBECONFIG, or name the file with --kubeconfig'],
        error,
      )
    }
    throw fault('RC-C-102', `The kubeconfig ${path} cannot be read: ${code ?? error}.`, [`ls -l ${path}`], error)
  }
  try {
    return v.parse(fileSchema, parse(content) ?? {})
  } catch (error) {
    const why = error instanceof v.ValiError ? issue(error) : String((error as Error).message).split('\n')[0]
    throw fault(
      'RC-C-102',
      `The kubeconfig ${path} is not understood: ${why}.`,
      [`kubectl config view --kubeconfig ${path}`],
      error,
    )
  }
}

function issue(error: v.ValiError<v.GenericSchema>): string {
  const first = error.issues[0]
  return `${v.getDotPath(first) ?? 'the document'}: ${first.message}`
}

function keepFirst<T>(map: Map<string, T>, name: string, value: T): void {
  if (!map.has(name)) map.set(name, value)
}
