/**
 * Credential plugins of a kubeconfig (`users[].user.exec`, client.authentication.k8s.io): runs the command with the
 * environment of the person who asked, not with the daemon's, and keeps its answer until shortly before it expires.
 */
import { spawn } from 'node:child_process'
import { isAbsolute, join } from 'node:path'
import * as v from 'valibot'
import { fault } from '../diagnose/catalogue.ts'
import type { Fault } from '../lib/fault.ts'
import type { Credentials } from './target.ts'

/** A plugin that answers later than this is ended. A person may have to type into a browser meanwhile. */
const PLUGIN_LIMIT_MS = 120_000
/** Credentials are asked for again this long before they expire. */
const EARLY_MS = 10_000
const OUTPUT_LIMIT_BYTES = 1 << 20

export const execSchema = v.object({
  command: v.string(),
  args: v.nullish(v.array(v.string())),
  env: v.nullish(v.array(v.object({ name: v.string(), value: v.string() }))),
  apiVersion: v.nullish(v.string()),
  installHint: v.nullish(v.string()),
  provideClusterInfo: v.nullish(v.boolean()),
})
export type ExecConfig = v.InferOutput<typeof execSchema>

const answerSchema = v.object({
  kind: v.literal('ExecCredential'),
  status: v.object({
    token: v.optional(v.string()),
    clientCertificateData: v.optional(v.string()),
    clientKeyData: v.optional(v.string()),
    expirationTimestamp: v.optional(v.string()),
  }),
})
type Answer = v.InferOutput<typeof answerSchema>['status']

export interface ExecOptions {
  exec: ExecConfig
  /** Variables of the person who asked. */
  env: Record<string, string>
  /** Folder of the kubeconfig: a command with a slash is relative to it. */
  folder: string
  /** What `provideClusterInfo` hands to the plugin. */
  cluster: { server: string; ca?: string; insecure: boolean; serverName?: string | undefined }
}

/** Returns the function that yields this plugin's credentials; calls at the same time share one run. */
export function execCredential(options: ExecOptions): (renew: boolean, signal?: AbortSignal) => Promise<Credentials> {
  let kept: { credentials: Credentials; expiresAt: number } | undefined
  let running: Promise<Credentials> | undefined
  const ask = async (): Promise<Credentials> => {
    const answer = await run(options)
    const credentials: Credentials = {}
    if (answer.token !== undefined) credentials.authorization = `Bearer ${answer.token}`
    if (answer.clientCertificateData !== undefined) credentials.cert = answer.clientCertificateData
    if (answer.clientKeyData !== undefined) credentials.key = answer.clientKeyData
    const expires = answer.expirationTimestamp === undefined ? Number.NaN : Date.parse(answer.expirationTimestamp)
    kept = { credentials, expiresAt: Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires - EARLY_MS }
    return credentials
  }
  return async (renew) => {
    // Expiry is a moment of the calendar (RFC 3339), so the wall clock is the right one here.
    if (!renew && kept !== undefined && kept.expiresAt > Date.now()) return kept.credentials
    running ??= ask().finally(() => {
      running = undefined
    })
    return running
  }
}

function run({ exec, env, folder, cluster }: ExecOptions): Promise<Answer> {
  const apiVersion = exec.apiVersion ?? 'client.authentication.k8s.io/v1'
  const command = exec.command.includes('/') && !isAbsolute(exec.command) ? join(folder, exec.command) : exec.command
  const spec = {
    interactive: false,
    ...(exec.provideClusterInfo === true && {
      cluster: {
        server: cluster.server,
        ...(cluster.ca !== undefined && { 'certificate-authority-data': cluster.ca }),
        ...(cluster.insecure && { 'insecure-skip-tls-verify': true }),
        ...(cluster.serverName !== undefined && { 'tls-server-name': cluster.serverName }),
      },
    }),
  }
  const own = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]))
  const info = { apiVersion, kind: 'ExecCredential', spec }
  return new Promise((resolve, reject) => {
    const failed = (why: string, cause?: unknown): void => reject(pluginFault(exec, why, cause))
    const child = spawn(command, exec.args ?? [], {
      env: { ...env, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PLUGIN_LIMIT_MS,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < OUTPUT_LIMIT_BYTES) stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-1000)
    })
    child.once('error', (error) => failed(error.message, error))
    child.once('close', (code, signalName) => {
      if (code !== 0) {
        const said = stderr.trim().split('\n').at(-1) ?? ''
        failed(`it ended with ${signalName ?? `code ${code}`}${said === '' ? '' : `: ${said}`}`)
        return
      }
      try {
        resolve(v.parse(answerSchema, JSON.parse(stdout)).status)
      } catch (error) {
        failed('it printed no ExecCredential', error)
      }
    })
  })
}

function pluginFault(exec: ExecConfig, why: string, cause: unknown): Fault {
  const hint = exec.installHint?.trim().split('\n')[0]
  return fault(
    'RC-C-105',
    `The kubeconfig's credential plugin "${exec.command}" gave no credentials: ${why}.`,
    [hint ?? `Run it by hand: ${[exec.command, ...(exec.args ?? [])].join(' ')}`],
    cause,
  )
}
