/** The HTTPS listener: who asks, may they, what is it, do it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Logger } from '../../lib/logger.ts'
import type { Certificate } from '../../wire/session/authority.ts'
import { AGGREGATED, aggregatedDiscovery } from './aggregated-discovery.ts'
import { Authenticator } from './authenticate.ts'
import type { KubeletBackend } from './backend.ts'
import { readBody } from './body.ts'
import { discover } from './discovery.ts'
import { impersonated } from './impersonate.ts'
import { Operations } from './operations.ts'
import { refuseOtherProtocols, servePortForward } from './port-forward.ts'
import { type Attributes, Rbac, type User } from './rbac.ts'
import { INERT, Resources } from './resources.ts'
import { review } from './reviews.ts'
import { attributesOf, type Route, refusal, routeOf } from './route.ts'
import { fieldSelector, labelSelector, type Selector } from './selectors.ts'
import { badRequest, forbidden, notImplemented, StatusError } from './status.ts'
import type { Store, Stored } from './store.ts'
import { tableOf } from './tables.ts'
import { serveWatch } from './watching.ts'

const HEALTH = /^\/(healthz|livez|readyz)(\/|$)/

export interface ApiServerOptions {
  store: Store
  kubelet: KubeletBackend
  authority: Certificate
  certificate: Certificate
  logger: Logger
}

interface Asked {
  url: URL
  user: User
  request: IncomingMessage
  response: ServerResponse
}

export class ApiServer {
  readonly authenticator: Authenticator
  readonly #options: ApiServerOptions
  readonly #resources: Resources
  readonly #operations: Operations
  readonly #rbac: Rbac

  constructor(options: ApiServerOptions) {
    this.#options = options
    this.#resources = new Resources(options.store)
    this.#operations = new Operations(options.store)
    this.#rbac = new Rbac(options.store)
    this.authenticator = new Authenticator(options.store)
  }

  /** A server that does not listen yet; several may serve the same objects. */
  createListener(): Server {
    const { authority, certificate } = this.#options
    const server = createServer({
      cert: certificate.cert,
      key: certificate.key,
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: false,
      keepAliveTimeout: 60_000,
      noDelay: true,
    })
    server.on('request', (request, response) => void this.#serve(request, response))
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    return server
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = urlOf(request)
      const user = impersonated(this.authenticator.user(request), request, this.#rbac)
      await this.#answer({ url, user, request, response })
    } catch (error) {
      this.#refuse(response, error)
    }
  }

  async #answer(asked: Asked): Promise<void> {
    const { url, user, request, response } = asked
    const route = routeOf(request.method ?? 'GET', url, this.#resources)
    if (route === undefined) {
      this.#authorize(user, { verb: 'get', group: '', resource: '', path: url.pathname })
      if ((request.headers.accept ?? '').includes('as=APIGroupDiscoveryList')) {
        const discovery = aggregatedDiscovery(url.pathname, this.#resources)
        if (discovery !== undefined) {
          send(response, 200, discovery, AGGREGATED)
          return
        }
      }
      const document = HEALTH.test(url.pathname) ? 'ok' : discover(url.pathname, this.#resources)
      if (document === undefined)
        throw new StatusError(404, 'NotFound', 'the server could not find the requested resource')
      send(response, 200, document)
      return
    }
    if (!route.resource.selfService) this.#authorize(user, attributesOf(route, url))
    switch (route.verb) {
      case 'get':
        this.#get(asked, route)
        break
      case 'list':
        this.#list(asked, route)
        break
      case 'watch':
        this.#watch(asked, route)
        break
      default:
        await this.#write(asked, route)
    }
  }

  #get({ url, request, response }: Asked, route: Route): void {
    const { resource, namespace, name = '', subresource } = route
    const { store } = this.#options
    const object = store.get(resource.key, namespace, name)
    if (subresource === 'log') this.#logs(url, response, object)
    else if (subresource === 'scale') send(response, 200, scaleOf(object))
    else if (wantsTable(request))
      send(response, 200, tableOf(resource, [object], object.metadata.resourceVersion ?? ''))
    else send(response, 200, object)
  }

  #list({ url, request, response }: Asked, { resource, namespace }: Route): void {
    const { store } = this.#options
    const selects = selectorOf(url)
    const items = store.list(resource.key, namespace).filter(selects)
    items.sort((a, b) => keyOf(a).localeCompare(keyOf(b)))
    const version = String(store.version)
    if (wantsTable(request)) {
      send(response, 200, tableOf(resource, items, version))
      return
    }
    const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
    send(response, 200, { kind: `${resource.kind}List`, apiVersion, metadata: { resourceVersion: version }, items })
  }

  #watch({ url, request, response }: Asked, { resource, namespace, name }: Route): void {
    const { searchParams: query } = url
    const selects = selectorOf(url)
    const seconds = query.get('timeoutSeconds')
    serveWatch(response, this.#options.store, {
      resource,
      namespace,
      selects: name === undefined ? selects : (object) => object.metadata.name === name && selects(object),
      version: query.get('resourceVersion') ?? undefined,
      bookmarks: query.get('allowWatchBookmarks') === 'true',
      initialEvents: query.get('sendInitialEvents') === 'true',
      seconds: seconds === null ? undefined : Number(seconds),
      table: wantsTable(request),
    })
  }

  async #write({ url, user, request, response }: Asked, route: Route): Promise<void> {
    const { resource, verb, namespace, name, subresource } = route
    if (verb === 'create' && INERT.has(resource.kind)) throw notImplemented(`${resource.kind}: nothing would run it`)
    const body = await readBody(request)
    const shown = (object: Stored): object => (subresource === 'scale' ? scaleOf(object) : object)
    const options = {
      dryRun: url.searchParams.getAll('dryRun').includes('All'),
      onUnknown: (fields: string[]) => tellUnknown(fields, url, response),
    }
    if (!resource.stored) {
      const question = { ...objectIn(body), kind: resource.kind }
      send(response, 201, review(question, user, this.#rbac))
    } else if (subresource === 'token') this.#token(response, route, objectIn(body))
    else if (['eviction', 'exec', 'attach', 'portforward', 'log'].includes(subresource ?? '')) {
      throw notImplemented(`${resource.plural}/${subresource} by ${request.method}`)
    } else if (verb === 'create') send(response, 201, this.#operations.create(route, objectIn(body), options))
    else if (verb === 'update') send(response, 200, shown(this.#operations.replace(route, objectIn(body), options)))
    else if (verb === 'patch') {
      const type = (request.headers['content-type'] ?? '').split(';')[0] ?? ''
      send(response, 200, shown(this.#operations.patch(route, type, body, options)))
    } else {
      const { gracePeriodSeconds, preconditions } = (body ?? {}) as DeleteOptions
      const fromQuery = url.searchParams.get('gracePeriodSeconds')
      const graceSeconds = gracePeriodSeconds ?? (fromQuery === null ? undefined : Number(fromQuery))
      const how = {
        ...options,
        ...(graceSeconds !== undefined && { graceSeconds }),
        ...(preconditions?.uid !== undefined && { uid: preconditions.uid }),
      }
      if (verb === 'delete') send(response, 200, this.#operations.delete(route, how))
      else {
        const all = this.#options.store.list(resource.key, namespace).filter(selectorOf(url))
        for (const { metadata } of all) {
          this.#operations.delete({ ...route, namespace: metadata.namespace, name: metadata.name }, how)
        }
        send(response, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name } })
      }
    }
  }

  #token(response: ServerResponse, { namespace = '', name = '' }: Route, body: Stored): void {
    const seconds = Number(body.spec?.expirationSeconds ?? 3600)
    const status = this.authenticator.issue(namespace, name, seconds)
    send(response, 201, { ...body, kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', status })
  }

  #logs(url: URL, response: ServerResponse, pod: Stored): void {
    const { searchParams: query } = url
    const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec
    const names = [...containers, ...initContainers, ...ephemeralContainers].map(({ name }: { name: string }) => name)
    const container = query.get('container') ?? names[0] ?? ''
    if (!names.includes(container)) throw badRequest(`container ${container} is not valid for pod ${pod.metadata.name}`)
    const number = (key: string): number | undefined => (query.has(key) ? Number(query.get(key)) : undefined)
    const tailLines = number('tailLines')
    const limitBytes = number('limitBytes')
    const log = this.#options.kubelet.logs(pod, container, {
      follow: query.get('follow') === 'true',
      previous: query.get('previous') === 'true',
      ...(tailLines !== undefined && { tailLines }),
      ...(limitBytes !== undefined && { limitBytes }),
    })
    response.writeHead(200, { 'content-type': 'text/plain' })
    log.on('error', () => response.end())
    log.pipe(response)
    response.on('close', () => log.destroy())
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {})
    try {
      const url = urlOf(request)
      const user = impersonated(this.authenticator.user(request), request, this.#rbac)
      const route = routeOf('GET', url, this.#resources)
      if (route?.subresource !== 'portforward') throw notImplemented('streams other than port-forward')
      // API servers check both: `get` as the method says, `create` as what it does.
      this.#authorize(user, { ...attributesOf(route), verb: 'create' })
      refuseOtherProtocols(request)
      const pod = this.#options.store.get('pods', route.namespace, route.name ?? '')
      if (pod.status?.phase !== 'Running')
        throw badRequest(`unable to forward port because pod is not running. Current status=${pod.status?.phase}`)
      const ports = url.searchParams
        .getAll('ports')
        .flatMap((text) => text.split(','))
        .map(Number)
      if (ports.length === 0 || ports.some((port) => !(port > 0 && port < 65_536)))
        throw badRequest('query parameter "ports" is required')
      servePortForward(request, socket, head, { pod, ports, kubelet: this.#options.kubelet })
    } catch (error) {
      const status = asStatus(error, this.#options.logger)
      const body = JSON.stringify(status)
      socket.end(
        `HTTP/1.1 ${status.code} ${status.reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      )
    }
  }

  #authorize(user: User, attributes: Attributes): void {
    if (!this.#rbac.allowed(user, attributes)) throw forbidden(refusal(user.name, attributes))
  }

  #refuse(response: ServerResponse, error: unknown): void {
    const status = asStatus(error, this.#options.logger)
    if (response.headersSent) response.destroy()
    else send(response, status.code, status)
  }
}

interface DeleteOptions {
  gracePeriodSeconds?: number
  preconditions?: { uid?: string }
}

function asStatus(error: unknown, logger: Logger): StatusError {
  if (error instanceof StatusError) return error
  logger.error({ error, stack: (error as Error).stack }, 'request failed')
  return new StatusError(500, 'InternalError', (error as Error).message)
}

function send(response: ServerResponse, code: number, body: object | string, type?: string): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(code, {
    'content-type': type ?? (typeof body === 'string' ? 'text/plain' : 'application/json'),
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

/** Throws 400 for a URL that is none. */
function urlOf({ url = '/' }: IncomingMessage): URL {
  try {
    const parsed = new URL(`https://sandbox${url}`)
    decodeURIComponent(parsed.pathname)
    return parsed
  } catch {
    throw badRequest('the path of the request cannot be read')
  }
}

/** Throws 400 when there is none. */
function objectIn(body: unknown): Stored {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest('the body is not an object')
  return body as Stored
}

/** As `fieldValidation` asks: an error, warnings (RFC 9111's form, which clients print), or nothing. Throws 400. */
function tellUnknown(fields: string[], { searchParams: query }: URL, response: ServerResponse): void {
  const how = query.get('fieldValidation') ?? 'Warn'
  if (fields.length === 0 || how === 'Ignore') return
  const sentences = fields.map((field) => `unknown field "${field}"`)
  if (how === 'Strict') throw badRequest(`strict decoding error: ${sentences.join(', ')}`)
  response.setHeader(
    'warning',
    sentences.map((one) => `299 - "${one.replace(/[\\"]/g, '\\$&').replace(/[^\x20-\x7e]/g, '?')}"`),
  )
}

function wantsTable({ headers }: IncomingMessage): boolean {
  return (headers.accept ?? '').includes('as=Table')
}

function selectorOf({ searchParams: query }: URL): Selector {
  const labels = labelSelector(query.get('labelSelector') ?? '')
  const fields = fieldSelector(query.get('fieldSelector') ?? '')
  return (object) => labels(object) && fields(object)
}

function keyOf({ metadata }: Stored): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

function scaleOf({ metadata, spec, status }: Stored): object {
  const { name, namespace, uid, resourceVersion } = metadata
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion },
    spec: { replicas: spec.replicas },
    status: { replicas: status?.replicas ?? 0 },
  }
}
