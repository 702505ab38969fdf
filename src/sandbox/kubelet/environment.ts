/** A container's environment, from its spec and the objects that it names. */
import type { Store, Stored } from '../apiserver/store.ts'

interface KeyRef {
  name: string
  key: string
  optional?: boolean
}

export interface EnvVar {
  name: string
  value?: string
  valueFrom?: { fieldRef?: { fieldPath: string }; configMapKeyRef?: KeyRef; secretKeyRef?: KeyRef }
}

export interface EnvSpec {
  env?: EnvVar[]
  envFrom?: {
    prefix?: string
    configMapRef?: { name: string; optional?: boolean }
    secretRef?: { name: string; optional?: boolean }
  }[]
}

/** Throws with what is missing, as the kubelet words it. */
export function containerEnvironment(spec: EnvSpec, pod: Stored, store: Store): Record<string, string> {
  const { namespace } = pod.metadata
  const env: Record<string, string> = {}
  for (const { prefix = '', configMapRef, secretRef } of spec.envFrom ?? []) {
    const kind = configMapRef === undefined ? 'secrets' : 'configmaps'
    const ref = configMapRef ?? secretRef
    if (ref === undefined) continue
    const found = store.find(kind, namespace, ref.name)
    if (found === undefined && ref.optional !== true) throw new Error(`${kind.slice(0, -1)} "${ref.name}" not found`)
    for (const [key, value] of Object.entries(dataOf(found))) env[prefix + key] = value
  }
  for (const { name, value, valueFrom } of spec.env ?? []) {
    const found = valueFrom === undefined ? expand(value ?? '', env) : referenced(valueFrom, pod, store)
    if (found !== undefined) env[name] = found
  }
  return env
}

/** `$(NAME)` is replaced, `$$(NAME)` is not. */
export function expand(text: string, env: Record<string, string>): string {
  return text.replaceAll(/\$(\$)?\(([\w.-]+)\)/g, (whole, escaped: string | undefined, name: string) => {
    if (escaped !== undefined) return whole.slice(1)
    return env[name] ?? whole
  })
}

/** A ConfigMap's or Secret's values. */
export function bytesOf(object: Stored | undefined): Map<string, Buffer> {
  const values = (field: unknown, encoding: BufferEncoding): [string, Buffer][] =>
    Object.entries((field ?? {}) as Record<string, string>).map(([key, text]) => [key, Buffer.from(text, encoding)])
  const data = values(object?.data, object?.kind === 'Secret' ? 'base64' : 'utf8')
  return new Map([...data, ...values(object?.binaryData, 'base64')])
}

/** The same as text. */
function dataOf(object: Stored | undefined): Record<string, string> {
  return Object.fromEntries([...bytesOf(object)].map(([key, bytes]) => [key, bytes.toString()]))
}

function referenced(
  { fieldRef, configMapKeyRef, secretKeyRef }: NonNullable<EnvVar['valueFrom']>,
  pod: Stored,
  store: Store,
): string | undefined {
  if (fieldRef !== undefined) return fieldOf(pod, fieldRef.fieldPath)
  const kind = configMapKeyRef === undefined ? 'secrets' : 'configmaps'
  const ref = configMapKeyRef ?? secretKeyRef
  if (ref === undefined) throw new Error('this kind of value is not in the sandbox')
  const value = dataOf(store.find(kind, pod.metadata.namespace, ref.name))[ref.key]
  if (value === undefined && ref.optional !== true)
    throw new Error(`couldn't find key ${ref.key} in ${kind.slice(0, -1)} ${pod.metadata.namespace}/${ref.name}`)
  return value
}

/** A field of the pod by its path; labels and annotations whole, or one of them. */
export function fieldOf(pod: Stored, path: string): string {
  const quoted = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (quoted !== null) return pod.metadata[quoted[1] as 'labels' | 'annotations']?.[quoted[2] ?? ''] ?? ''
  let at: unknown = pod
  for (const key of path.split('.')) at = (at as Record<string, unknown> | undefined)?.[key]
  if (typeof at !== 'object' || at === null) return String(at ?? '')
  return Object.entries(at)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')
}
