/** The sandbox's first process, inside its namespaces. It gets the host's listening socket from `command.ts`, and says when it is ready. */
import { mkdirSync, writeFileSync } from 'node:fs'
import type { Server as NetServer } from 'node:net'
import { jsonLogger } from '../lib/json-logger.ts'
import { createAuthority, createCertificate } from '../wire/session/authority.ts'
import type { KubeletBackend } from './apiserver/backend.ts'
import { ApiServer } from './apiserver/server.ts'
import { Store } from './apiserver/store.ts'
import { startControllers } from './controllers/controllers.ts'
import { API_ADDRESS, API_PORT, createInitialObjects } from './initial-objects.ts'
import { kubeconfigOf } from './kubeconfig.ts'
import { Kubelet, NODE_NAME } from './kubelet/kubelet.ts'
import { serveDns } from './network/dns.ts'
import { DNS_ADDRESS, NODE_ADDRESS, setUpNode } from './network/pod-network.ts'
import { keepServices } from './network/services.ts'
import { sandboxPaths } from './state.ts'

/** To the command that started it. */
export type FromSandbox = { kind: 'ready' } | { kind: 'failed'; message: string }

/** Runs until it is killed. */
export async function sandboxMain(): Promise<void> {
  const logger = jsonLogger((line) => process.stderr.write(line))
  const tell = (message: FromSandbox): void => void process.send?.(message)
  process.on('uncaughtException', (error) => logger.error({ error, stack: error.stack }, 'a mistake'))
  process.on('SIGTERM', () => process.exit(0))
  try {
    const listening = receiveListener()
    const paths = sandboxPaths(process.env)
    mkdirSync(paths.pods, { recursive: true, mode: 0o700 })
    await setUpNode(writeFileSync)

    const authority = createAuthority('remocal-sandbox')
    const hosts = [
      '127.0.0.1',
      NODE_ADDRESS,
      API_ADDRESS,
      'localhost',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
    ]
    const certificate = createCertificate(authority, 'kube-apiserver', { hosts })
    const admin = createCertificate(authority, 'admin', { groups: ['system:masters'] })

    const store = new Store()
    let kubelet: Kubelet
    const backend: KubeletBackend = {
      logs: (...args) => kubelet.logs(...args),
      connect: (...args) => kubelet.connect(...args),
    }
    const api = new ApiServer({ store, kubelet: backend, authority, certificate, logger })
    kubelet = new Kubelet({
      store,
      folder: paths.pods,
      imagesPath: paths.images,
      api: { host: API_ADDRESS, port: 443 },
      logger,
      sources: {
        store,
        authority: authority.cert,
        nameserver: DNS_ADDRESS,
        issueToken: (namespace, account) => api.authenticator.issue(namespace, account, 365 * 86_400).token,
      },
    })
    createInitialObjects(store)
    startControllers(store, logger, { node: NODE_NAME, authority: authority.cert })
    keepServices(store, logger)
    await serveDns(DNS_ADDRESS, store)
    api.createListener().listen(API_PORT, NODE_ADDRESS)
    const outside = await listening
    const { port } = outside.address() as { port: number }
    // Connections that arrive at the machine's own loopback, outside of this namespace.
    const secure = api.createListener()
    outside.on('connection', (socket) => secure.emit('connection', socket))
    writeFileSync(paths.kubeconfig, kubeconfigOf(`https://127.0.0.1:${port}`, authority, admin), { mode: 0o600 })
    tell({ kind: 'ready' })
    logger.info({ port }, 'sandbox is ready')
  } catch (error) {
    logger.error({ error, stack: (error as Error).stack }, 'sandbox not started')
    tell({ kind: 'failed', message: (error as Error).message })
    process.exit(1)
  }
  await new Promise(() => {})
}

/** The socket that the command has opened in the machine's own network. Until it says `detach` its end is ours as well. */
function receiveListener(): Promise<NetServer> {
  const die = (): void => process.exit(0)
  process.once('disconnect', die)
  if (process.connected === false) die()
  return new Promise((resolve) => {
    process.on('message', (message: { kind: string }, handle) => {
      if (message.kind === 'listen') resolve(handle as NetServer)
      else if (message.kind === 'detach') {
        process.off('disconnect', die)
        process.disconnect()
      }
    })
  })
}
