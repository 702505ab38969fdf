/** `remocal manager`. */
import { KubeClient } from '../kube/client.ts'
import { inClusterConfig } from '../kube/in-cluster.ts'
import { INSTALLATION } from '../kube/resources.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { listenForHealth } from '../lib/health.ts'
import { jsonLogger } from '../lib/json-logger.ts'
import { keepSmall } from '../lib/keep-small.ts'
import { Waiters } from '../lib/waiters.ts'
import { createIdentity } from '../wire/session/identity.ts'
import { Addresses } from './addresses.ts'
import { Ends } from './carriers/ends.ts'
import { listenForCarriers } from './carriers/listen.ts'
import { Switch } from './carriers/switch.ts'
import { Events } from './events.ts'
import { Janitor } from './janitor.ts'
import { Leader } from './leader.ts'
import { LeaderLease } from './lease.ts'
import { ClusterNetworks } from './networks.ts'
import { Reach } from './reach.ts'
import { Rights } from './rights.ts'
import { readSettings } from './settings.ts'
import { startTelling } from './tell.ts'
import { World } from './world.ts'

const HEALTH_PORT = 7071
/** A Session object that a daemon has just made may not be in the cache yet. */
const SESSION_MS = 3000

/** Runs until SIGTERM. Rejects when the installation cannot be read. @returns the exit code */
export async function managerMain(_argv: string[]): Promise<number> {
  const logger = jsonLogger((line) => process.stderr.write(line))
  const stop = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.resolve())

  const client = new KubeClient({ target: inClusterConfig(process.env, clock), clock })
  const settings = await readSettings(client, process.env)
  const { namespace, pod } = settings
  const waiters = new Waiters(clock)
  const ends = new Ends()
  const events = new Events(client, clock, logger)
  const changed = (): void => {
    waiters.changed()
    ends.endWithoutSession(world.sessionsByName)
    teller.tell()
    leader.wake()
    reach.look()
  }
  const world = new World({ client, namespace, clock, logger, onChange: changed })
  const networks = new ClusterNetworks(client, clock, logger, changed)
  const reach: Reach = new Reach({
    client,
    namespace,
    service: () => [...world.outside.cache.values()][0],
    pods: () => world.ownPods.cache.values(),
    clock,
    logger,
    onChange: () => teller.tell(),
  })
  const teller = startTelling({ ends, managers: () => world.managers, reach: () => reach.addresses })
  const rights = new Rights({
    client,
    intercepts: () => world.intercepts.cache.values(),
    sessions: () => world.sessionsByName,
    clock,
    logger,
    onChange: changed,
  })
  const leader: Leader = new Leader({ client, settings, world, ends, networks, rights, events, clock, logger })
  const janitor = new Janitor({ client, world, ends, pod, clock, logger })

  ends.on('joined', (end) => {
    waiters.changed()
    if (end.role === 'daemon') janitor.see(end.session)
    leader.wake()
  })
  ends.on('listening', () => leader.wake())
  ends.on('left', () => leader.wake())
  ends.on('report', () => leader.wake())
  const addresses = new Addresses(client, clock, logger)
  ends.on('lookup', (end, ip) => {
    void addresses.find(ip).then((found) => end.control?.send({ kind: 'found', ip, ...found }))
  })

  let ready = false
  const health = await listenForHealth(HEALTH_PORT, () =>
    ready ? undefined : 'the objects of the cluster are not read yet',
  )
  const server = await listenForCarriers(INSTALLATION.port, {
    identity: createIdentity({ subject: `manager/${pod}`, issuer: settings.issuer }),
    pod,
    ends,
    switch: new Switch(ends, () => world.intercepts.cache.values(), waiters),
    clock,
    logger,
    proof: {
      client,
      clock,
      namespace,
      image: settings.image,
      installationKey: settings.installationKey,
      session: (name) => waiters.until(() => world.sessionsByName.get(name), SESSION_MS),
    },
  })
  await Promise.all([world.synced(), networks.refresh()])
  // Who comes to lead knows who may not any more.
  await rights.check()
  ready = true
  reach.start()
  keepSmall(clock)
  const lease = new LeaderLease({
    client,
    namespace,
    identity: pod,
    clock,
    logger,
    onChange(epoch) {
      janitor.leads = epoch !== undefined
      reach.leads = epoch !== undefined
      leader.lead(epoch)
    },
  }).start()
  logger.info({ pod }, 'manager is ready')

  await stop.promise
  ready = false
  server.close()
  leader.close()
  janitor.close()
  networks.close()
  rights.close()
  reach.close()
  await lease.close()
  ends.closeAll(new Error('this manager ends'))
  await world.close()
  health.close()
  client.close()
  return 0
}
