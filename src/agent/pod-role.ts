/** The agent in a pod. */
import { networkInterfaces } from 'node:os'
import { VERSION } from '../lib/version.ts'
import type { AgentConfig, AgentReport } from '../wire/messages/control.ts'
import { type Hello, PROTOCOL } from '../wire/messages/hello.ts'
import type { Opening } from '../wire/session/contract.ts'
import { type AppProcess, readAppProcess } from './app-process.ts'
import type { RoleContext } from './dialer-role.ts'
import { acceptConnection } from './http/accept.ts'
import { type Laptop, Laptops } from './laptops.ts'
import { Managers } from './managers.ts'
import { dropPrivileges, offerToOom } from './privileges.ts'
import { Routes } from './routes.ts'
import { listeningPorts } from './takeover/listening.ts'
import { Takeover } from './takeover/takeover.ts'

/** An agent without routes waits so long for the next attachment, then ends. */
const LINGER_MS = 5 * 60_000

/** Runs until the signal, or until nobody has needed it for five minutes. */
export async function runAgent({ options, identity, logger, clock, signal }: RoleContext): Promise<number> {
  const { namespace, pod, podUid, container, installationKey } = options
  const end = { role: 'agent', namespace, pod, podUid, container } as const
  const hello: Hello = { version: VERSION, protocol: PROTOCOL, features: [], end }

  const over = Promise.withResolvers<void>()
  let problem: string | undefined
  let takeover: Takeover | undefined
  let app: AppProcess | undefined

  const laptops: Laptops = new Laptops({
    identity,
    hello,
    clock,
    logger,
    keyOf: (session) => routes.config?.peers[session],
    onStream: (opening, laptop) => serve(opening, laptop, app),
    onChange: () => void refresh(),
  })
  const routes = new Routes(laptops)

  offerToOom(logger)
  try {
    app = readAppProcess()
  } catch (error) {
    logger.warn({ error: (error as Error).message }, 'the environment of the app cannot be read')
  }
  try {
    takeover = await Takeover.start({
      clock,
      logger,
      onConnection: (client) =>
        acceptConnection(client, { port: client.localPort ?? 0, host: podAddress(client) }, routes),
      onChange: () => void refresh(),
    })
  } catch (error) {
    problem = `ports cannot be taken over: ${(error as Error).message}`
    logger.error({ error: (error as Error).message }, 'ports cannot be taken over')
  }
  dropPrivileges()

  let rejected: Pick<AgentReport, 'epoch' | 'generation' | 'error'> | undefined
  const managers: Managers = new Managers({
    identity,
    hello,
    installationKey,
    addresses: options.managers,
    name: options.managersName,
    clock,
    logger,
    onCircuit: (link) => void laptops.take(link),
    onJoined: () => void refresh(),
    onMessage(message) {
      if (message.kind === 'config') void take(message)
    },
  })

  async function take(config: AgentConfig): Promise<void> {
    try {
      if (!(await routes.apply(config))) return
      rejected = undefined
    } catch (error) {
      const { message } = error as Error
      logger.error({ generation: config.generation, error: message }, 'config rejected')
      rejected = { epoch: config.epoch, generation: config.generation, error: message }
    }
    managers.know(config.managers)
    laptops.keysChanged()
    await refresh()
  }

  /** Takes what is wanted and tells everybody what is. */
  async function refresh(): Promise<void> {
    const active = routes.active()
    await takeover?.want([...new Set(active.flatMap(({ ports }) => ports))])
    const taken = new Set(takeover?.taken)
    const isTaken = ({ ports }: { ports: number[] }): boolean => ports.every((port) => taken.has(port))
    const now = routes.active()
    for (const laptop of laptops) {
      laptop.attached(
        now.filter((route) => route.session === laptop.name && isTaken(route)).map(({ intercept }) => intercept),
      )
    }
    const reported = (routes.config?.routes ?? []).map(({ intercept, ports, session }) => {
      const toLaptop = now.some((route) => route.intercept === intercept) && isTaken({ ports })
      if (toLaptop) return { intercept, now: 'laptop' as const }
      return { intercept, now: 'app' as const, why: whyApp(ports, session, taken) }
    })
    const { epoch = 0, generation = 0 } = rejected ?? routes.config ?? {}
    const error = rejected?.error ?? problem ?? takeover?.broken
    managers.send({
      kind: 'report',
      epoch,
      generation,
      routes: reported,
      listening: [...listeningPorts()],
      ...(error !== undefined && { error }),
    })
  }

  function whyApp(ports: number[], session: string, taken: Set<number>): string {
    if (laptops.find(session) === undefined) return 'the laptop is not connected'
    const missing = ports.filter((port) => !taken.has(port))
    return missing.length > 0
      ? `nothing listens on port ${missing.join(', ')} of the pod`
      : 'the laptop does not serve it'
  }

  let idleSince = clock.now()
  const idle = clock.every(10_000, () => {
    if ((routes.config?.routes.length ?? 0) > 0) idleSince = clock.now()
    else if (clock.now() - idleSince > LINGER_MS) over.resolve()
  })
  signal.addEventListener('abort', () => over.resolve(), { once: true })
  if (signal.aborted) over.resolve()
  await over.promise
  idle.cancel()
  takeover?.close()
  laptops.close()
  await managers.close()
  return 0
}

function serve(opening: Opening, laptop: Laptop, app: AppProcess | undefined): void {
  const { header } = opening
  if (header.service !== 'environment') {
    opening.refuse('unknown', `an agent has no service ${header.service}`)
  } else if (!laptop.serves.has(header.intercept)) {
    opening.refuse('forbidden', 'this attachment is not yours')
  } else if (app === undefined) {
    opening.refuse('unknown', "the app's process could not be read")
  } else {
    const stream = opening.accept()
    stream.bind({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} })
    stream.send(Buffer.from(JSON.stringify({ ...app, files: [] })))
    stream.end()
  }
}

/** Where the app is reached from inside: the address that the client had asked for, else the pod's own. */
function podAddress({ localAddress }: { localAddress?: string | undefined }): string {
  if (localAddress !== undefined) return localAddress.replace(/^::ffff:/, '')
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses.find(({ internal }) => !internal)?.address ?? '127.0.0.1'
}
