/** From a kubeconfig and a context to a target that a client can talk to. */
import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fault } from '../diagnose/catalogue.ts'
import { nearest } from '../lib/nearest.ts'
import { execCredential } from './exec-credential.ts'
import { type ClusterEntry, type Kubeconfig, type Placed, readKubeconfig, type UserEntry } from './kubeconfig.ts'
import { oidcCredential } from './oidc-credential.ts'
import type { Credentials, KubeTarget } from './target.ts'

export interface ConfigOptions {
  /** Absolute paths as in KUBECONFIG, `:`-separated. */
  kubeconfig: string
  /** Context name; undefined: the current one. */
  context?: string | undefined
  /** Variables that credential plugins get; nothing else of this process reaches them. */
  env: Record<string, string>
}

/** A target that came from a context. */
export interface ContextTarget extends KubeTarget {
  readonly context: string
  readonly cluster: string
}

/**
 * Loads a context.
 * @throws RC-C-102 kubeconfig missing or broken · RC-C-103 no such context · RC-C-104 no current context
 */
export function loadConfig({ kubeconfig, context, env }: ConfigOptions): ContextTarget {
  const config = readKubeconfig(kubeconfig)
  const name = context ?? config.current
  if (name === undefined) {
    const known = [...config.contexts.keys()].slice(0, 3).join(', ')
    throw fault('RC-C-104', `${kubeconfig} has no current context${known === '' ? '' : `; it knows ${known}`}.`, [
      'Name one with --context, or choose with `kubectl config use-context NAME`',
    ])
  }
  const chosen = config.contexts.get(name)
  if (chosen === undefined) throw unknownContext(name, config, kubeconfig)
  const cluster = config.clusters.get(chosen.cluster)
  if (cluster === undefined) {
    throw fault('RC-C-102', `Context ${name} of ${kubeconfig} names cluster "${chosen.cluster}", which is not in it.`, [
      `kubectl config get-clusters`,
    ])
  }
  const user = config.users.get(chosen.user)
  if (user === undefined && chosen.user !== '') {
    throw fault('RC-C-102', `Context ${name} of ${kubeconfig} names user "${chosen.user}", which is not in it.`, [
      `kubectl config get-users`,
    ])
  }
  const { entry } = cluster
  const ca = material(cluster.folder, entry['certificate-authority'], entry['certificate-authority-data'])
  return {
    name: `context ${name}`,
    context: name,
    cluster: chosen.cluster,
    server: entry.server.replace(/\/+$/, ''),
    namespace: chosen.namespace || 'default',
    ca,
    serverName: entry['tls-server-name'] || undefined,
    insecure: entry['insecure-skip-tls-verify'] === true,
    proxy: entry['proxy-url'] || proxyOf(env, entry.server),
    headers: impersonation(user?.entry ?? {}),
    credentials: credentialsOf(user ?? { entry: {}, folder: '/' }, cluster.entry, ca, env),
  }
}

function unknownContext(name: string, config: Kubeconfig, kubeconfig: string): Error {
  const like = nearest(name, config.contexts.keys())
  const known =
    like.length > 0
      ? `the nearest are ${like.join(', ')}`
      : `it has ${[...config.contexts.keys()].join(', ') || 'none'}`
  return fault('RC-C-103', `${kubeconfig} has no context "${name}"; ${known}.`, [
    like[0] === undefined ? 'kubectl config get-contexts' : `Use --context ${like[0]}`,
  ])
}

function credentialsOf(
  { entry: user, folder }: Placed<UserEntry>,
  cluster: ClusterEntry,
  ca: Buffer | undefined,
  env: Record<string, string>,
): KubeTarget['credentials'] {
  if (user.exec != null) {
    const info = {
      server: cluster.server,
      insecure: cluster['insecure-skip-tls-verify'] === true,
      serverName: cluster['tls-server-name'] ?? undefined,
      ...(ca !== undefined && { ca: ca.toString('base64') }),
    }
    return execCredential({ exec: user.exec, env, folder, cluster: info })
  }
  const provider = user['auth-provider']
  if (provider != null) return oidcCredential(provider)
  // Files are read at each use: tokens and short-lived certificates are renewed in place.
  return async () => {
    const credentials: Credentials = {}
    const cert = material(folder, user['client-certificate'], user['client-certificate-data'])
    const key = material(folder, user['client-key'], user['client-key-data'])
    if (cert !== undefined) credentials.cert = cert
    if (key !== undefined) credentials.key = key
    const token = user.tokenFile ? material(folder, user.tokenFile, undefined)?.toString().trim() : user.token
    if (token) credentials.authorization = `Bearer ${token}`
    else if (user.username) {
      const pair = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')
      credentials.authorization = `Basic ${pair}`
    }
    return credentials
  }
}

function impersonation(user: UserEntry): KubeTarget['headers'] {
  const headers: Record<string, string | string[]> = {}
  if (user.as) headers['impersonate-user'] = user.as
  if (user['as-uid']) headers['impersonate-uid'] = user['as-uid']
  if (user['as-groups']?.length) headers['impersonate-group'] = user['as-groups']
  return headers
}

/** Base64 data wins over a file, as in kubectl. */
function material(
  folder: string,
  path: string | null | undefined,
  data: string | null | undefined,
): Buffer | undefined {
  if (data) return Buffer.from(data, 'base64')
  if (!path) return undefined
  const file = isAbsolute(path) ? path : join(folder, path)
  try {
    return readFileSync(file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw fault('RC-C-102', `The kubeconfig names ${file}, which cannot be read: ${code}.`, [`ls -l ${file}`], error)
  }
}

/** The proxy that the person's environment names for this server, unless NO_PROXY exempts it (a plain suffix match). */
function proxyOf(env: Record<string, string>, server: string): string | undefined {
  const { hostname, protocol } = new URL(server)
  const scheme = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const proxy = env[scheme] ?? env[scheme.toLowerCase()]
  if (!proxy) return undefined
  const exempt = (env.NO_PROXY ?? env.no_proxy ?? '').split(',').map((entry) => entry.trim().replace(/^\*?\./, ''))
  const exempted = exempt.some(
    (entry) => entry !== '' && (entry === '*' || hostname === entry || hostname.endsWith(`.${entry}`)),
  )
  return exempted || hostname === 'localhost' || hostname.startsWith('127.') ? undefined : proxy
}
