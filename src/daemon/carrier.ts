/** The way to a manager: a port-forward, a mux on it, a session that proves who is who. */
import type { KubeClient } from '../kube/client.ts'
import { openPortForward } from '../kube/port-forward.ts'
import { INSTALLATION } from '../kube/resources.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { VERSION } from '../lib/version.ts'
import type { Waiters } from '../lib/waiters.ts'
import { openCircuit } from '../wire/carrier/open-circuit.ts'
import { controlChannel } from '../wire/control.ts'
import type { Dialers } from '../wire/messages/control.ts'
import { type Hello, PROTOCOL } from '../wire/messages/hello.ts'
import { createMux, type LinkMux } from '../wire/mux/mux.ts'
import type { Identity, Session } from '../wire/session/contract.ts'
import { startSession } from '../wire/session/session.ts'

export interface CarrierOptions {
  client: KubeClient
  namespace: string
  /** Pod of the manager. */
  pod: string
  installationKey: string
  identity: Identity
  /** Name of the Session object. */
  session: string
  clock: Clock
  logger: Logger
  signal: AbortSignal
  onDialers(dialers: Dialers['dialers']): void
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
  readonly mux: LinkMux
  /** With the manager itself. */
  readonly session: Session
  readonly pod: string
  /** Resolves when it is over. */
  readonly closed: Promise<Error | undefined>
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

/** Rejects with the API server's fault, or with why the manager was not believed or did not believe. */
export async function openCarrier(options: CarrierOptions): Promise<Carrier> {
  const { client, namespace, pod, installationKey, identity, clock, logger, signal, onDialers } = options
  const link = await openPortForward({ client, clock, namespace, pod, port: INSTALLATION.port, signal })
  const closed = Promise.withResolvers<Error | undefined>()
  const mux = createMux(link, {
    side: 'client',
    clock,
    handlers: {
      onFlow: (flow) => flow.reset('refused', 'a daemon takes no circuits'),
      onClose: (reason) => closed.resolve(reason),
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
        peer.signedBy(installationKey) && peer.subject === `manager/${pod}`
          ? undefined
          : `${pod} did not prove that it is a manager of this installation`,
    })
    session.bind({
      onStream: (opening) => opening.refuse('unknown', 'not here'),
      onClose: (reason) => mux.close(reason),
    })
    const { stream } = await session.open({ service: 'control' })
    controlChannel(stream, {
      onMessage(message) {
        if (message.kind === 'dialers') onDialers(message.dialers)
      },
    })
    return { mux, session, pod, closed: closed.promise, close: () => mux.close() }
  } catch (error) {
    mux.close()
    throw error
  }
}
