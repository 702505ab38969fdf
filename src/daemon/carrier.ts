/** The way to a manager: a link, a mux on it, a session that proves who is who. */
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { VERSION } from '../lib/version.ts'
import type { Waiters } from '../lib/waiters.ts'
import { openCircuit } from '../wire/carrier/open-circuit.ts'
import { controlChannel } from '../wire/control.ts'
import type { Link } from '../wire/link/link.ts'
import type { Dialers } from '../wire/messages/control.ts'
import { type Hello, PROTOCOL } from '../wire/messages/hello.ts'
import { createMux, type LinkMux } from '../wire/mux/mux.ts'
import type { Identity, Session, Stream } from '../wire/session/contract.ts'
import { startSession } from '../wire/session/session.ts'

/** How managers are called in their certificates. */
const MANAGER = 'manager/'
/** So long a closed link may take to say its last words. */
const LINGER_MS = 2000

/** How the link below a carrier reaches the manager. */
export type CarrierKind = 'tcp' | 'port-forward'

export interface CarrierOptions {
  kind: CarrierKind
  /** Pod that must be at the far end; undefined: any manager of the installation, since a balancer chooses. */
  pod: string | undefined
  installationKey: string
  identity: Identity
  /** Name of the Session object. */
  session: string
  clock: Clock
  logger: Logger
  signal: AbortSignal
}

/** What a manager says, from its last word on. */
export interface CarrierHandlers {
  onDialers(dialers: Dialers['dialers']): void
  /** Where managers are reached from outside the cluster. */
  onReach(addresses: string[]): void
}

/** What sessions with agents and dialers need, whichever carrier they run over. */
export interface OverCarrierOptions {
  identity: Identity
  /** Name of the Session object. */
  session: string
  clock: Clock
  logger: Logger
  /** The carrier of now, if there is one. */
  mux(): LinkMux | undefined
  /** How long they wait for the next link. */
  graceMs: number
}

export interface Carrier {
  readonly kind: CarrierKind
  readonly mux: LinkMux
  /** With the manager itself. */
  readonly session: Session
  readonly pod: string
  /** Resolves when it is over. */
  readonly closed: Promise<Error | undefined>
  /** Called once. */
  listen(handlers: CarrierHandlers): void
  close(): void
}

export function helloOf(session: string): Hello {
  return { version: VERSION, protocol: PROTOCOL, features: [], end: { role: 'daemon', session } }
}

/** The carrier of now, or the next one. Rejects when there is none within the time. */
export async function nextCarrier(waiters: Waiters, mux: () => LinkMux | undefined, limitMs: number): Promise<LinkMux> {
  const carrier = await waiters.until(mux, limitMs)
  if (carrier === undefined) throw new Error('there is no carrier')
  return carrier
}

/**
 * Makes a carrier on `link`, which it owns from here on; resolves once both ends have proved who they are.
 * Rejects with why the manager was not believed or did not believe, or with the signal's reason.
 */
export async function openCarrier(link: Link, options: CarrierOptions): Promise<Carrier> {
  const { kind, pod, installationKey, identity, clock, logger, signal } = options
  const closed = Promise.withResolvers<Error | undefined>()
  const mux = createMux(link, {
    side: 'client',
    clock,
    handlers: {
      onFlow: (flow) => flow.reset('refused', 'a daemon takes no circuits'),
      onClose(reason) {
        // A far end that is out of reach answers no close.
        clock.after(LINGER_MS, () => link.reset(reason ?? new Error('the carrier was closed')))
        closed.resolve(reason)
      },
    },
  })
  try {
    const session = await startSession(openCircuit(mux, { to: 'manager' }), {
      side: 'client',
      identity,
      hello: helloOf(options.session),
      clock,
      logger,
      signal,
      verify: (peer) =>
        peer.signedBy(installationKey) && (pod === undefined ? isManager(peer.subject) : peer.subject === MANAGER + pod)
          ? undefined
          : `${pod ?? link.name} did not prove that it is a manager of this installation`,
    })
    session.bind({
      onStream: (opening) => opening.refuse('unknown', 'not here'),
      onClose: (reason) => mux.close(reason),
    })
    const { stream } = await session.open({ service: 'control' }, { signal })
    return {
      kind,
      mux,
      session,
      pod: session.peer.subject.slice(MANAGER.length),
      closed: closed.promise,
      listen: (handlers) => hear(stream, handlers),
      close: () => mux.close(),
    }
  } catch (error) {
    mux.close(error as Error)
    throw error
  }
}

function isManager(subject: string): boolean {
  return subject.startsWith(MANAGER) && subject.length > MANAGER.length
}

function hear(stream: Stream, { onDialers, onReach }: CarrierHandlers): void {
  controlChannel(stream, {
    onMessage(message) {
      if (message.kind === 'dialers') onDialers(message.dialers)
      else if (message.kind === 'reach') onReach(message.addresses)
    },
  })
}
