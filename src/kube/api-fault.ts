/** What the API server's refusals and silences become for people. The `cause` of such a fault is an `ApiRefusal`. */
import { type Code, fault } from '../diagnose/catalogue.ts'
import type { Fault } from '../lib/fault.ts'
import { describePath, type ObjectPath, resourceOf } from './path.ts'
import { GROUP } from './resources.ts'

/** RBAC's verbs, as requests use them. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

/** A `Status` document and its HTTP status. */
export class ApiRefusal extends Error {
  readonly status: number
  /** Kubernetes' reason: `NotFound`, `AlreadyExists`, `Conflict`, `Forbidden`, `Expired`, `Invalid` … */
  readonly reason: string
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, body: string, retryAfter?: string) {
    const parsed = parseStatus(body)
    super(parsed.message ?? (body.trim().slice(0, 300) || `HTTP ${status}`))
    this.status = status
    this.reason = parsed.reason ?? ''
    const seconds = retryAfter === undefined ? parsed.details?.retryAfterSeconds : Number(retryAfter)
    this.retryAfterSeconds = seconds !== undefined && Number.isFinite(seconds) && seconds > 0 ? seconds : undefined
  }
}

interface StatusBody {
  message?: string
  reason?: string
  details?: { retryAfterSeconds?: number }
}

function parseStatus(body: string): StatusBody {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null ? (parsed as StatusBody) : {}
  } catch {
    return {}
  }
}

export interface Asked {
  verb: Verb
  path: ObjectPath
  /** Base URL and name of the target, for sentences. */
  server: string
  target: string
}

/** The fault for an answer ≥ 400. */
export function refusalFault(refusal: ApiRefusal, asked: Asked): Fault {
  const what = describePath(asked.path)
  const { status, message } = refusal
  const make = (code: Code, sentence: string, actions: string[] = []): Fault => fault(code, sentence, actions, refusal)
  if (status === 401) {
    return make(
      'RC-C-110',
      `${asked.server} (${asked.target}) does not accept your credentials; they may have expired.`,
      ['Log in to the cluster again, then try `kubectl auth whoami`'],
    )
  }
  if (/ValidatingAdmissionPolicy|admission webhook/.test(message)) {
    const said = message.replace(/^.*?denied (the )?request: /s, '').replace(/\.$/, '')
    return make('RC-C-118', `Cannot ${asked.verb} ${what}: ${said}. Nothing was changed.`)
  }
  if (status === 403) return forbidden(refusal, asked)
  // 501: a small API server that has no such kind.
  if (status === 404 || status === 501) return make('RC-C-115', absence(refusal, asked))
  if (status === 409 && refusal.reason === 'AlreadyExists') return make('RC-C-117', `${capital(what)} exists already.`)
  if (status === 409) return make('RC-C-116', `Cannot ${asked.verb} ${what}: ${sentence(message)}`)
  if (status === 410) return make('RC-C-112', `The version asked for of ${what} is gone: ${sentence(message)}`)
  if (status === 429 || status >= 500) {
    const why = `the API server answered ${status}: ${sentence(message)}`
    return make('RC-C-119', `Cannot ${asked.verb} ${what}: ${why}`, ['Try again; `kubectl get --raw /readyz?verbose`'])
  }
  return make('RC-C-111', `The API server does not take ${what}: ${sentence(message)}`)
}

function absence(refusal: ApiRefusal, { path, target }: Asked): string {
  if (refusal.reason === 'NotFound' && !/requested resource/.test(refusal.message)) {
    return `There is no ${describePath(path)}${/namespaces "/.test(refusal.message) ? ': the namespace does not exist' : ''}.`
  }
  return `The cluster (${target}) does not know ${resourceOf(path)}.`
}

function forbidden(refusal: ApiRefusal, { verb, path }: Asked): Fault {
  const who = /User "([^"]+)"/.exec(refusal.message)?.[1]
  const resource = resourceOf({ ...path, subresource: undefined })
  const scope = path.namespace === undefined ? ' --all-namespaces' : ` -n ${path.namespace}`
  const where = path.namespace === undefined ? '' : ` in namespace ${path.namespace}`
  const sub = path.subresource === undefined ? '' : ` --subresource=${path.subresource}`
  const named = path.name === undefined || verb === 'create' ? '' : `/${path.name}`
  const actions = [`kubectl auth can-i ${verb} ${resource}${named}${sub}${scope}`]
  if (resource.endsWith(`.${GROUP}`) && who !== undefined && path.namespace !== undefined) {
    const name = who.toLowerCase().replace(/[^a-z0-9-]+/g, '-')
    actions.unshift(
      `kubectl create rolebinding ${name} -n ${path.namespace} --clusterrole=remocal-developer --user=${who}`,
    )
  }
  const you = who === undefined ? 'You' : `You are ${who}, and you`
  return fault('RC-C-114', `${you} may not ${verb} ${resourceOf(path)}${where}.`, actions, refusal)
}

/** The fault for a connection that failed or an answer that did not come. */
export function connectionFault(error: unknown, { server, target }: Pick<Asked, 'server' | 'target'>): Fault {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const where = `${server} (${target})`
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY/.test(code)) {
    return fault(
      'RC-C-106',
      `The certificate of ${where} is not trusted: ${(error as Error).message}.`,
      ['Check certificate-authority in the kubeconfig'],
      error,
    )
  }
  const why = WHY[code] ?? (error as Error).message
  return fault(
    'RC-C-101',
    `Cannot reach ${where}: ${why}.`,
    ['kubectl get --raw /readyz', 'kubectl config get-contexts'],
    error,
  )
}

const WHY: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name does not resolve now',
  ETIMEDOUT: 'no answer in time',
  EPIPE: 'the connection broke',
}

/** True when `error` says that the object (or its kind) does not exist. */
export function isNotFound(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'RC-C-115'
}

/** True when the object changed meanwhile: read it again and repeat. */
export function isConflict(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'RC-C-116'
}

function sentence(text: string): string {
  const trimmed = text.trim().replace(/\s+/g, ' ')
  return trimmed.endsWith('.') ? trimmed : `${trimmed}.`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
