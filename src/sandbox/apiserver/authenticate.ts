/** Who asks: a client certificate of our authority, or a service account's token. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { User } from './rbac.ts'
import { StatusError } from './status.ts'
import type { Store } from './store.ts'

interface Claims {
  /** Namespace, name and uid of the service account. */
  ns: string
  sa: string
  uid: string
  /** Seconds since 1970. */
  exp: number
}

const HOUR_S = 3600

export class Authenticator {
  readonly #store: Store
  readonly #key = randomBytes(32)

  constructor(store: Store) {
    this.#store = store
  }

  /** Throws 401. */
  user(request: IncomingMessage): User {
    const { authorization } = request.headers
    const user = authorization === undefined ? byCertificate(request.socket as TLSSocket) : this.#byToken(authorization)
    if (user === undefined) throw new StatusError(401, 'Unauthorized', 'Unauthorized')
    return { ...user, groups: [...new Set([...user.groups, 'system:authenticated'])] }
  }

  /** A token of a service account. Throws 404 when there is no such account. */
  issue(namespace: string, name: string, seconds = HOUR_S): { token: string; expirationTimestamp: string } {
    const { uid = '' } = this.#store.get('serviceaccounts', namespace, name).metadata
    const exp = Math.floor(Date.now() / 1000) + seconds
    const claims: Claims = { ns: namespace, sa: name, uid, exp }
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url')
    return {
      token: `sandbox.${body}.${this.#sign(body)}`,
      expirationTimestamp: new Date(exp * 1000).toISOString().replace(/\.\d+/, ''),
    }
  }

  #byToken(authorization: string): User | undefined {
    const [, body = '', signature = ''] = /^Bearer sandbox\.([\w-]+)\.([\w-]+)$/.exec(authorization) ?? []
    const expected = Buffer.from(this.#sign(body))
    const given = Buffer.from(signature)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
    const { ns, sa, uid, exp } = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims
    const account = this.#store.find('serviceaccounts', ns, sa)
    if (account?.metadata.uid !== uid || exp * 1000 < Date.now()) return undefined
    return {
      name: `system:serviceaccount:${ns}:${sa}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${ns}`],
      uid,
    }
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#key).update(body).digest('base64url')
  }
}

function byCertificate(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined
  const { subject } = socket.getPeerCertificate()
  const groups = subject.O === undefined ? [] : [subject.O].flat()
  return { name: [subject.CN].flat()[0] ?? '', groups }
}
