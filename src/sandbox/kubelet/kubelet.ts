/** Follows the pods of the store and runs each of them. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Duplex, Readable } from 'node:stream'
import type { Logger } from '../../lib/logger.ts'
import type { KubeletBackend } from '../apiserver/backend.ts'
import { notFound } from '../apiserver/status.ts'
import { type Store, type Stored, timeNow } from '../apiserver/store.ts'
import { PodNetwork } from '../network/pod-network.ts'
import { socketIn } from '../network/socket-in.ts'
import { type LogOptions, readLog } from './log-file.ts'
import { PodRunner } from './pod-runner.ts'
import type { VolumeSources } from './volumes.ts'

export const NODE_NAME = 'sandbox'

export interface KubeletOptions {
  store: Store
  /** For logs and volumes. */
  folder: string
  imagesPath: string
  sources: VolumeSources
  api: { host: string; port: number }
  logger: Logger
}

export class Kubelet implements KubeletBackend {
  readonly #options: KubeletOptions
  readonly #network = new PodNetwork()
  readonly #runners = new Map<string, PodRunner>()

  constructor(options: KubeletOptions) {
    this.#options = options
    options.store.subscribe(({ resource, type, object }) => {
      if (resource !== 'pods') return
      if (type === 'DELETED') this.#onDeleted(object)
      else this.#onChanged(object)
    })
  }

  logs(pod: Stored, container: string, options: LogOptions): Readable {
    const runner = this.#runnerOf(pod)
    return readLog(
      runner.logPath(container, options.previous),
      options,
      () => options.previous !== true && runner.isRunning(container),
    )
  }

  async connect(pod: Stored, port: number): Promise<Duplex> {
    const { pausePid } = this.#runnerOf(pod)
    if (pausePid === undefined) throw new Error('the pod does not run yet')
    const socket = socketIn(pausePid)
    try {
      // From inside, as a real kubelet does: a program that listens on the pod's localhost only is reached as well.
      socket.setNoDelay(true)
      socket.connect({ host: '127.0.0.1', port })
      await once(socket, 'connect')
    } catch (error) {
      socket.destroy()
      throw error
    }
    return socket
  }

  #onChanged(pod: Stored): void {
    const { uid = '' } = pod.metadata
    const runner = this.#runners.get(uid)
    if (runner !== undefined) {
      // Its own status is no news to it.
      runner.changed(pod)
      return
    }
    if (pod.metadata.deletionTimestamp !== undefined || ['Succeeded', 'Failed'].includes(pod.status?.phase)) return
    this.#start(pod)
  }

  #start(pod: Stored): void {
    const { store, folder, imagesPath, sources, api, logger } = this.#options
    const { uid = '', namespace, name } = pod.metadata
    const runner = new PodRunner({
      pod,
      store,
      network: this.#network,
      folder: join(folder, uid),
      imagesPath,
      sources,
      api,
      logger,
      onEvent: (reason, message, type = 'Normal') => this.#say(pod, type, reason, message),
    })
    this.#runners.set(uid, runner)
    setImmediate(() => {
      store.edit('pods', namespace, name, (object) => {
        object.spec.nodeName = NODE_NAME
      })
      this.#say(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${NODE_NAME}`)
      void runner.start()
    })
  }

  #onDeleted(pod: Stored): void {
    const { uid = '' } = pod.metadata
    const runner = this.#runners.get(uid)
    this.#runners.delete(uid)
    void runner?.end(0)
  }

  #runnerOf({ metadata }: Stored): PodRunner {
    const runner = this.#runners.get(metadata.uid ?? '')
    if (runner === undefined) throw notFound('pods', metadata.name)
    return runner
  }

  #say({ metadata, kind, apiVersion }: Stored, type: string, reason: string, message: string): void {
    const { name, namespace, uid } = metadata
    if (this.#options.store.find('namespaces', undefined, namespace ?? '') === undefined) return
    const time = timeNow()
    this.#options.store.create('events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${randomBytes(8).toString('hex')}`, namespace: namespace ?? '' },
      involvedObject: { apiVersion, kind, name, namespace, uid },
      type,
      reason,
      message,
      source: { component: 'kubelet', host: NODE_NAME },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    })
  }
}
