/** TLS connections of one pod: how its app answers them, and connections that are ended and begun again as it does. */
import type { Socket } from 'node:net'
import { fault } from '../../diagnose/catalogue.ts'
import type { Cancellation } from '../../lib/cancellation.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { socketStream } from '../http/upstream.ts'
import type { ClientHello } from './client-hello.ts'
import { CertificateChanged, connectAppTls } from './connect-app.ts'
import { type EndTlsOptions, endTls, isProved } from './end-tls.ts'
import type { EndedTls } from './ended-tls.ts'
import { type Material, Materials, type MaterialsOptions } from './materials.ts'
import { NotEnded } from './not-ended.ts'
import { type AppAnswer, probeApp } from './probe.ts'

/** How connections of one kind are ended and begun again. */
interface Ending extends Material {
  /** What the app serves (DER): trusted when TLS is begun again. */
  readonly certificate: Buffer
  /** The application protocol that the app chose. */
  readonly protocol: string | undefined
  /** Whether it asks its clients for certificates. */
  readonly asks: EndTlsOptions['asks']
  /** What the app gave to resume sessions by, to clients without a certificate and with one: it saves the app most of a handshake. */
  readonly sessions: [Buffer | undefined, Buffer | undefined]
}

export interface AppTlsOptions extends MaterialsOptions {
  logger: Logger
  /** What is wrong with a port has changed. */
  onChange(): void
}

export interface Place {
  host: string
  port: number
}

/** A kind of connections: what its clients say first, and where. */
interface Kind {
  place: Place
  hello: ClientHello
  /** Of certificates and keys, that people named. */
  paths: readonly string[]
}

interface Known {
  port: number
  /** From then on the app is asked again. */
  until: number
  ending: Promise<Ending | undefined>
  problem: string | undefined
  /** Clients that show no certificate have come to an app that asks for one. */
  hasUnproved: boolean
}

/** What is known of the app is looked at again after so long, when it is asked for. */
const KNOWN_MS = 10_000
/** What was wrong with a kind that nobody has asked for since is told no longer, and it may be forgotten. */
const TOLD_MS = 60_000
/** Kinds of connections that are remembered at once: clients choose them. */
const MAX_KINDS = 256
/** Characters of what is wrong: certificates and paths have names of any length. */
const MAX_PROBLEM = 1500
/** Application protocols that can be looked into. */
const READABLE = new Set(['h2', 'http/1.1', 'http/1.0'])
/** Alerts of an app that has nothing for what a client asks (RFC 7301 §3.2, RFC 6066 §3), as OpenSSL names them. */
const NOTHING_FOR_IT = /NO_APPLICATION_PROTOCOL|UNRECOGNIZED_NAME/

export class AppTls {
  readonly #options: AppTlsOptions
  readonly #materials: Materials
  readonly #known = new Map<string, Known>()
  readonly #seen = new Set<number>()
  readonly #plain = new Set<number>()

  constructor(options: AppTlsOptions) {
    this.#options = options
    this.#materials = new Materials(options)
  }

  /** A client speaks TLS there. */
  saw(port: number): void {
    if (this.#seen.has(port)) return
    this.#seen.add(port)
    this.#options.onChange()
  }

  /** Whether a client spoke TLS there. */
  hasSeen(port: number): boolean {
    return this.#seen.has(port)
  }

  /** A client speaks HTTP there, without TLS around it. */
  sawPlain(port: number): void {
    if (this.#plain.has(port)) return
    this.#plain.add(port)
    this.#options.onChange()
  }

  /** Whether clients speak there, and none of them TLS so far. */
  isPlain(port: number): boolean {
    return this.#plain.has(port) && !this.#seen.has(port)
  }

  /** Why connections to a port are not looked into, with a code; undefined while they are, or none came. */
  problem(port: number): string | undefined {
    const now = this.#options.clock.now()
    for (const known of this.#known.values()) {
      if (known.port !== port || known.until + TOLD_MS <= now) continue
      if (known.problem !== undefined) return known.problem
      if (known.hasUnproved) return unproved(port)
    }
    return undefined
  }

  /**
   * Ends the TLS of a client whose first words are these; undefined when it cannot be: it then passes as it is.
   * @param client paused
   * @param read of it
   * @param paths of the app's certificates and keys, that people named
   * Rejects when the client breaks off.
   */
  async end(
    client: Socket,
    read: Buffer,
    place: Place,
    hello: ClientHello,
    paths: readonly string[],
  ): Promise<EndedTls | undefined> {
    const kind: Kind = { place, hello, paths }
    const known = this.#know(kind)
    const ending = await known.ending
    if (ending === undefined) return undefined
    const { context, protocol, asks } = ending
    const inside = await endTls({ client, read, context, protocol, asks, clock: this.#options.clock })
    // An app that lets everybody finish the handshake may take whom its authorities have not signed, and says so afterwards: without a certificate he is its own.
    const proved = asks !== undefined && isProved(inside)
    const isUnproved = asks !== undefined && !proved
    if (isUnproved) this.#sawUnproved(kind, known)
    return {
      client: inside,
      isUnproved,
      secure: { servername: hello.servername, protocol },
      connectApp: (cancellation) => this.#connect(kind, known, proved, cancellation),
    }
  }

  /**
   * To the app, which may serve another certificate than a moment ago: that one must be its own too.
   * @param before what the client was answered by
   */
  async #connect(kind: Kind, before: Known, proved: boolean, cancellation: Cancellation): Promise<Stream> {
    const { place, hello } = kind
    for (let known = this.#know(kind, before), again = true; ; known = this.#know(kind, known), again = false) {
      const ending = await known.ending
      if (ending === undefined) throw new Error('the app serves a certificate that is not known to be its own')
      const { certificate, protocol, own, sessions } = ending
      const which = proved ? 1 : 0
      const settings = {
        ...place,
        servername: hello.servername,
        protocols: protocol === undefined ? [] : [protocol],
        certificate,
        cancellation,
        session: sessions[which],
        onSession: (session: Buffer) => {
          sessions[which] = session
        },
        // A client that showed none is one for the app too.
        ...(proved && { own }),
      }
      try {
        return socketStream(await connectAppTls(settings))
      } catch (error) {
        if (!(error instanceof CertificateChanged) || !again) throw error
        const now = this.#options.clock.now()
        for (const one of [known, ...this.#known.values()]) one.until = Math.min(one.until, now)
      }
    }
  }

  /** @param last what this connection knew: it need not be remembered */
  #know(kind: Kind, last?: Known): Known {
    const now = this.#options.clock.now()
    const { port } = kind.place
    const key = keyOf(kind)
    const remembered = this.#known.get(key)
    const before = remembered ?? last
    if (before !== undefined && before.until > now) return before
    const { promise, resolve } = Promise.withResolvers<Ending | undefined>()
    const { problem, hasUnproved = false } = before ?? {}
    const known: Known = { port, until: now + KNOWN_MS, ending: promise, problem, hasUnproved }
    if (remembered !== undefined || this.#hasPlace(now)) {
      // The one that was asked for last is the last.
      this.#known.delete(key)
      this.#known.set(key, known)
    }
    resolve(this.#learn(kind, known, before?.ending))
    return known
  }

  /** Whoever is asked for stays: else a client that asks for ever new names had those of others forgotten. */
  #hasPlace(now: number): boolean {
    if (this.#known.size < MAX_KINDS) return true
    for (const [key, { until }] of this.#known) {
      if (until + TOLD_MS > now) return false
      this.#known.delete(key)
      return true
    }
    return false
  }

  /** Never rejects. */
  async #learn(kind: Kind, known: Known, before: Known['ending'] | undefined): Promise<Ending | undefined> {
    const { port } = kind.place
    try {
      const ending = await this.#look(kind, await before)
      this.#say(known, undefined)
      return ending
    } catch (error) {
      // Such a client gets the same alert from the app: whoever else comes is looked into.
      if (NOTHING_FOR_IT.test((error as { code?: string }).code ?? '') && isAskedWhole(kind.hello)) {
        this.#say(known, undefined)
        return undefined
      }
      const { code, message } = error instanceof NotEnded ? error : new NotEnded('RC-E-333', (error as Error).message)
      const { sentence } = fault(code, `Connections in TLS to port ${port} are not looked into: ${message}.`)
      this.#say(known, `${code}: ${sentence}`.slice(0, MAX_PROBLEM))
      return undefined
    }
  }

  /** Rejects with why it cannot be done. */
  async #look(kind: Kind, before: Ending | undefined): Promise<Ending> {
    // An app that wants to know its clients is asked again as one of them: to refuse us is something that it may complain of.
    const own = before?.asks === 'required' ? before.own : undefined
    const answer = await this.#ask(kind, own)
    const { protocol, authorities, accepts } = answer
    const [certificate = Buffer.alloc(0)] = answer.chain
    const same = before?.certificate.equals(certificate) === true && before.protocol === protocol ? before : undefined
    if (own !== undefined) {
      return same !== undefined && accepts && authorities !== undefined ? same : this.#look(kind, undefined)
    }
    if (protocol !== undefined && !READABLE.has(protocol))
      throw new NotEnded('RC-E-334', `client and app agree on ${protocol}, which cannot be read yet`)
    const asks = authorities === undefined ? undefined : accepts ? 'wanted' : 'required'
    if (same?.asks === asks && same !== undefined) return same
    const material = await this.#materials.of(answer, kind.paths)
    if (asks !== undefined) await this.#present(kind, material, asks)
    return { certificate, protocol, asks, sessions: [undefined, undefined], ...material }
  }

  /** As the client would, with as much of what it offers as can be read. */
  #ask({ place, hello: { servername, protocols } }: Kind, own?: Material['own']): Promise<AppAnswer> {
    const { clock } = this.#options
    return probeApp({ ...place, servername, protocols: offeredOf(protocols), clock, ...(own && { own }) })
  }

  /** The app must take its own certificate for a client's. Rejects when it does not. */
  async #present(
    { place, hello: { servername } }: Kind,
    { own, isClientToo }: Material,
    asks: Ending['asks'],
  ): Promise<void> {
    const { accepts } = await probeApp({ ...place, servername, protocols: [], own, clock: this.#options.clock })
    // Who lets everybody finish the handshake tells afterwards whom it takes.
    if (!accepts || (asks === 'wanted' && isClientToo !== true))
      throw new NotEnded('RC-E-335', 'the app verifies its clients, and does not take its own certificate for one')
  }

  #sawUnproved(kind: Kind, answered: Known): void {
    const known = this.#known.get(keyOf(kind)) ?? answered
    if (known.hasUnproved) return
    known.hasUnproved = true
    this.#options.onChange()
  }

  #say(known: Known, problem: string | undefined): void {
    if (known.problem === problem) return
    known.problem = problem
    const { port } = known
    this.#options.logger.info({ port, problem }, problem === undefined ? 'TLS is looked into' : 'TLS stays closed')
    this.#options.onChange()
  }
}

function keyOf({ place, hello, paths }: Kind): string {
  return JSON.stringify([place, hello.servername, hello.protocols, paths])
}

function unproved(port: number): string {
  const why = `Requests in TLS to port ${port} of clients that prove nothing by a certificate go to the app, which asks for one and may refuse them.`
  return `RC-E-335: ${fault('RC-E-335', why).sentence}`
}

/** What of a client's protocols the app is offered. */
function offeredOf(protocols: readonly string[]): readonly string[] {
  const readable = protocols.filter((one) => READABLE.has(one))
  return readable.length > 0 ? readable : protocols
}

/** The app was offered all that the client offers. */
function isAskedWhole({ protocols }: ClientHello): boolean {
  return offeredOf(protocols).length === protocols.length
}
