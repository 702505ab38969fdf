/** The agent in a pod, after its privileged beginning. */
import type { Clock } from '../lib/clock.ts'
import { AppFiles } from './app-files/app-files.ts'
import type { RoleContext } from './dialer-role.ts'
import { Earlier } from './earlier/earlier.ts'
import { Reopening } from './earlier/reopening.ts'
import { readHandover } from './handover.ts'
import { acceptConnection } from './http/accept.ts'
import { PodAgent } from './pod-agent.ts'
import { proveUnprivileged } from './prove-unprivileged.ts'
import { Takeover } from './takeover/takeover.ts'
import { AppTls } from './tls/app-tls.ts'

/**
 * How long connections that are open may go on when the agent has been told to end: a pod's usual grace period, for the
 * app was told at the same time and may be finishing its answers.
 */
const DRAIN_MS = 25_000
const DRAIN_LOOK_MS = 50

/**
 * Runs until the signal, or until nobody has needed it for five minutes.
 * @param descriptor of what `begin` wrote
 */
export async function runHanded(context: RoleContext, descriptor: number): Promise<number> {
  const { clock, logger, signal } = context
  proveUnprivileged()
  const { app, takeover: prepared, files, reopening } = readHandover(descriptor)
  if ('problem' in app) logger.warn({ problem: app.problem }, "the app's process cannot be read")
  const appFiles = 'problem' in files ? files : AppFiles.handed(files, clock)
  const tls = new AppTls({
    clock,
    logger,
    files: appFiles,
    onChange: () => void agent.refresh(),
  })
  const earlier = new Earlier({
    clock,
    logger,
    reopening: 'problem' in reopening ? reopening : Reopening.handed(reopening),
    onChange: () => void agent.refresh(),
  })
  const agent: PodAgent = new PodAgent({ ...context, app, tls, earlier })
  let takeover: Takeover | undefined
  if ('problem' in prepared) {
    logger.error({ problem: prepared.problem }, 'ports cannot be taken over')
    await agent.use(prepared)
  } else {
    takeover = await Takeover.start(prepared, {
      clock,
      logger,
      onTaken: (client, port) => {
        acceptConnection(client, { port, host: plainAddress(client.localAddress) }, agent.routes, clock, tls)
      },
      onChange: () => void agent.refresh(),
    })
    await agent.use(takeover)
  }
  const stopped = new Promise<number>((resolve) => {
    signal.addEventListener('abort', () => resolve(0), { once: true })
    if (signal.aborted) resolve(0)
  })
  const code = await Promise.race([agent.over, stopped])
  logger.info({ code }, 'the agent ends')
  await takeover?.close()
  if (takeover !== undefined) await drained(takeover, clock)
  await agent.close()
  if ('close' in appFiles) appFiles.close()
  takeover?.closeConnections()
  return code
}

/** Resolves when no connection is open, or the time is over. */
async function drained(takeover: Takeover, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const end = clock.now() + DRAIN_MS
  const look = (): void => {
    if (takeover.connections === 0 || clock.now() >= end) resolve()
  }
  const timer = clock.every(DRAIN_LOOK_MS, look)
  look()
  await promise
  timer.cancel()
}

/** Where the client wanted to go is where the app is. */
function plainAddress(address = '127.0.0.1'): string {
  return address.replace(/^::ffff:/, '')
}
