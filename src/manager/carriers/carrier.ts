/** One connection to this manager: a session that proves a key, then circuits. */
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import { VERSION } from '../../lib/version.ts'
import { acceptCircuit } from '../../wire/carrier/accept-circuit.ts'
import { type ControlChannel, controlChannel } from '../../wire/control.ts'
import type { Link } from '../../wire/link/link.ts'
import { type Hello, PROTOCOL } from '../../wire/messages/hello.ts'
import type { Flow } from '../../wire/mux/contract.ts'
import { createMux, type LinkMux } from '../../wire/mux/mux.ts'
import type { Identity, Opening, Session } from '../../wire/session/contract.ts'
import { startSession } from '../../wire/session/session.ts'
import type { End, Ends } from './ends.ts'
import { type ProofSource, prove } from './prove.ts'
import type { Switch } from './switch.ts'

const PROOF_LIMIT_MS = 10_000

export interface CarrierOptions {
  identity: Identity
  /** Name of this replica's pod. */
  pod: string
  ends: Ends
  switch: Switch
  proof: ProofSource
  clock: Clock
  logger: Logger
}

/**
 * Takes a connection; resolves when it is over. Failures end it and are logged.
 * @param onProved called once a key was proved
 */
export async function carry(link: Link, options: CarrierOptions, onProved: () => void = () => {}): Promise<void> {
  const { clock, logger } = options
  const over = Promise.withResolvers<void>()
  const gone = new AbortController()
  let end: End | undefined
  let greeting: Promise<void> | undefined
  const mux: LinkMux = createMux(link, {
    side: 'server',
    clock,
    handlers: {
      onFlow(flow, header) {
        if (end?.role === 'daemon') options.switch.take(end, flow, header)
        else if (end !== undefined || greeting !== undefined) flow.reset('refused', 'no circuit may be opened here')
        else greeting = greet(flow, header)
      },
      onClose(reason) {
        gone.abort(reason ?? new Error('the carrier was closed'))
        over.resolve()
      },
    },
  })
  const late = clock.after(PROOF_LIMIT_MS, () => mux.close(new Error('no key was proved within 10 s')))

  async function greet(flow: Flow, header: Buffer): Promise<void> {
    try {
      const proved = await proveCarrier(flow, header, mux, options, gone.signal)
      // One that went while its key was looked up has left already.
      gone.signal.throwIfAborted()
      late.cancel()
      onProved()
      end = proved.end
      options.ends.add(end)
      bindSession(proved, mux, options)
    } catch (error) {
      logger.info({ link: link.name, error: (error as Error).message }, 'carrier refused')
      mux.close(error as Error)
    }
  }

  await over.promise
  late.cancel()
  if (end !== undefined) options.ends.remove(end)
}

interface Proved {
  end: End
  session: Session
}

async function proveCarrier(
  flow: Flow,
  header: Buffer,
  mux: LinkMux,
  options: CarrierOptions,
  signal: AbortSignal,
): Promise<Proved> {
  const { identity, pod, proof, clock, logger } = options
  const circuit = acceptCircuit(flow, header)
  if (circuit?.header.to !== 'manager') throw new Error('the first circuit of a carrier goes to the manager')
  const hello: Hello = { version: VERSION, protocol: PROTOCOL, features: [], end: { role: 'manager', pod } }
  const session = await startSession(circuit.link, {
    side: 'server',
    identity,
    hello,
    clock,
    logger,
    signal,
    verify: () => undefined,
  })
  const { publicKey } = session.peer
  const who = session.hello.end
  const wrong = await prove(proof, who, publicKey, signal)
  if (wrong !== undefined) throw new Error(wrong)
  const base = { mux, publicKey, control: undefined }
  if (who.role === 'daemon') return { session, end: { ...base, ...who } }
  if (who.role === 'dialer') return { session, end: { ...base, ...who } }
  if (who.role === 'agent')
    return { session, end: { ...base, ...who, features: session.hello.features, report: undefined } }
  throw new Error('a manager has no carrier to another one')
}

function bindSession({ end, session }: Proved, mux: LinkMux, { ends, logger }: CarrierOptions): void {
  logger.info({ end: session.hello.end, version: session.hello.version }, 'carrier joined')
  session.bind({
    onStream(opening: Opening) {
      if (opening.header.service !== 'control') {
        opening.refuse('unknown', `a manager has no service ${opening.header.service}`)
        return
      }
      const channel: ControlChannel = controlChannel(opening.accept(), {
        onMessage(message) {
          if (end.role !== 'agent') return
          if (message.kind === 'lookup') ends.emit('lookup', end, message.ip)
          if (message.kind !== 'report') return
          end.report = message
          ends.emit('report', end)
        },
      })
      end.control?.close()
      end.control = channel
      ends.emit('listening', end)
    },
    onClose(reason) {
      logger.info({ end: session.hello.end, reason: reason?.message }, 'carrier left')
      mux.close(reason)
    },
  })
}
