/** The dialer: dials and resolves for the laptops that the managers name. */
import type { Clock } from '../lib/clock.ts'
import { listenForHealth } from '../lib/health.ts'
import type { Logger } from '../lib/logger.ts'
import { VERSION } from '../lib/version.ts'
import type { AgentConfig } from '../wire/messages/control.ts'
import { type Hello, PROTOCOL } from '../wire/messages/hello.ts'
import type { Identity, Opening } from '../wire/session/contract.ts'
import type { AgentArguments } from './arguments.ts'
import { type DialContext, dial } from './dialer/dial.ts'
import { serveDns } from './dialer/dns.ts'
import { Networks } from './dialer/networks.ts'
import { Laptops } from './laptops.ts'
import { Managers } from './managers.ts'

const HEALTH_PORT = 7071

export interface RoleContext {
  options: AgentArguments
  identity: Identity
  logger: Logger
  clock: Clock
  signal: AbortSignal
}

/** Runs until the signal. */
export async function runDialer({ options, identity, logger, clock, signal }: RoleContext): Promise<number> {
  const { pod, podUid, installationKey } = options
  const hello: Hello = { version: VERSION, protocol: PROTOCOL, features: [], end: { role: 'dialer', pod, podUid } }
  const networks = new Networks()
  let config: AgentConfig | undefined
  const laptops = new Laptops({
    identity,
    hello,
    clock,
    logger,
    keyOf: (session) => config?.peers[session],
    onStream: (opening) => serve(opening, { networks, clock }),
    onChange() {},
  })
  const managers: Managers = new Managers({
    identity,
    hello,
    installationKey,
    addresses: options.managers,
    name: options.managersName,
    clock,
    logger,
    onCircuit: (link) => void laptops.take(link),
    onJoined: () => report(),
    onMessage(message) {
      if (message.kind !== 'config') return
      if (config !== undefined && !isNewer(message, config)) return
      config = message
      networks.set(message.cidrs, message.denied)
      laptops.keysChanged()
      report()
    },
  })
  const report = (): void =>
    managers.send({
      kind: 'report',
      epoch: config?.epoch ?? 0,
      generation: config?.generation ?? 0,
      routes: [],
      listening: [],
    })
  const health = await listenForHealth(HEALTH_PORT, () =>
    managers.joined > 0 ? undefined : 'no manager is joined yet',
  )
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  health.close()
  laptops.close()
  await managers.close()
  return 0
}

function isNewer(one: AgentConfig, other: AgentConfig): boolean {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.generation > other.generation)
}

function serve(opening: Opening, context: DialContext): void {
  const { header } = opening
  if (header.service === 'dial') void dial(opening, header.host, header.port, context)
  else if (header.service === 'dns') serveDns(opening, context.clock)
  else opening.refuse('unknown', `the dialer has no service ${header.service}`)
}
