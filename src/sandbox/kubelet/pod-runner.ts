/** One pod: its namespaces, its containers, its status, its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../../lib/logger.ts'
import { type Store, type Stored, timeNow } from '../apiserver/store.ts'
import { NODE_ADDRESS, type PodNetwork } from '../network/pod-network.ts'
import { PodContainer } from './container.ts'
import { containerEnvironment, type EnvSpec, expand } from './environment.ts'
import { type ImageTable, readImages } from './images.ts'
import { capabilitiesOf, launchCommand, type SecurityContext } from './launch.ts'
import { keepProbing, type Probe } from './probes.ts'
import { PodVolumes, type VolumeSources } from './volumes.ts'

export interface PodRunnerOptions {
  pod: Stored
  store: Store
  network: PodNetwork
  /** For logs and volumes of this pod. */
  folder: string
  /** The table of images. */
  imagesPath: string
  sources: VolumeSources
  /** Of the API server, for pods: host and port. */
  api: { host: string; port: number }
  logger: Logger
  onEvent(reason: string, message: string, type?: 'Normal' | 'Warning'): void
}

interface ContainerSpec extends EnvSpec {
  name: string
  image: string
  command?: string[]
  args?: string[]
  workingDir?: string
  securityContext?: SecurityContext
  ports?: { name?: string; containerPort: number }[]
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[]
  readinessProbe?: Probe
  livenessProbe?: Probe
  startupProbe?: Probe
  targetContainerName?: string
}

export class PodRunner {
  readonly #options: PodRunnerOptions
  readonly #containers = new Map<string, PodContainer>()
  readonly #ephemeral = new Map<string, PodContainer>()
  readonly #probing: (() => void)[] = []
  readonly #startTime = timeNow()
  #pod: Stored
  #pause: ChildProcess | undefined
  #address = ''
  #volumes: PodVolumes | undefined
  #publishing = false
  #ending: Promise<void> | undefined
  #problem: string | undefined

  constructor(options: PodRunnerOptions) {
    this.#options = options
    this.#pod = options.pod
  }

  get address(): string {
    return this.#address
  }

  logPath(container: string): string {
    return join(this.#options.folder, `${container}.log`)
  }

  isRunning(container: string): boolean {
    return (this.#containers.get(container) ?? this.#ephemeral.get(container))?.isRunning === true
  }

  async start(): Promise<void> {
    const { folder, network, sources } = this.#options
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 })
      const pause = await startPause(this.#pod.metadata.name)
      this.#pause = pause
      this.#address = await network.join(pause.pid ?? 0)
      const placed = { ...this.#pod, status: { ...this.#pod.status, podIP: this.#address } }
      this.#pod = placed
      this.#volumes = new PodVolumes(join(folder, 'volumes'), placed, sources)
      await this.#runInitContainers()
      for (const spec of this.#pod.spec.containers as ContainerSpec[]) this.#startContainer(spec)
    } catch (error) {
      this.#problem = (error as Error).message
      this.#options.onEvent('FailedCreatePodSandBox', this.#problem, 'Warning')
    }
    this.changed(this.#pod)
    this.#publish()
  }

  /** The object changed: new ephemeral containers, or its end. */
  changed(pod: Stored): void {
    this.#pod = { ...pod, status: { ...pod.status, podIP: this.#address } }
    if (this.#volumes !== undefined) {
      for (const spec of (pod.spec.ephemeralContainers ?? []) as ContainerSpec[]) {
        if (!this.#ephemeral.has(spec.name)) this.#startEphemeral(spec)
      }
    }
    if (pod.metadata.deletionTimestamp !== undefined) void this.end(pod.metadata.deletionGracePeriodSeconds ?? 30)
  }

  /** Ends the containers, then what held them, then the object. */
  end(graceSeconds: number): Promise<void> {
    this.#ending ??= this.#end(graceSeconds)
    return this.#ending
  }

  async #end(graceSeconds: number): Promise<void> {
    const { store, network, folder, onEvent } = this.#options
    for (const stop of this.#probing) stop()
    for (const { name } of this.#containers.values()) onEvent('Killing', `Stopping container ${name}`)
    // Not ready from now on, so that Services leave it.
    for (const container of this.#containers.values()) container.ready = false
    this.#publish()
    await Promise.all([...this.#containers.values()].map((container) => container.stop(graceSeconds)))
    await Promise.all([...this.#ephemeral.values()].map((container) => container.stop(0)))
    this.#pause?.kill('SIGKILL')
    if (this.#address !== '') network.leave(this.#address)
    const { namespace, name, uid } = this.#pod.metadata
    if (store.find('pods', namespace, name)?.metadata.uid === uid) store.delete('pods', namespace, name, 0)
    rmSync(folder, { recursive: true, force: true })
  }

  async #runInitContainers(): Promise<void> {
    for (const spec of (this.#pod.spec.initContainers ?? []) as ContainerSpec[]) {
      const container = this.#make(spec, this.#pod.spec.restartPolicy === 'Never' ? 'Never' : 'OnFailure', () => [])
      container.start()
      await container.finished
      if (container.state.terminated?.exitCode !== 0) throw new Error(`init container ${spec.name} failed`)
    }
  }

  #startContainer(spec: ContainerSpec): void {
    const container = this.#make(spec, this.#pod.spec.restartPolicy, (command) => this.#launch(spec, command))
    this.#containers.set(spec.name, container)
    this.#options.onEvent('Created', `Created container ${spec.name}`)
    container.start()
    this.#probe(spec, container)
  }

  /** Waits for the container whose processes it shall see. */
  #startEphemeral(spec: ContainerSpec): void {
    const target = this.#containers.get(spec.targetContainerName ?? '')
    const container = this.#make(spec, 'Never', (command) => {
      const shares = target?.pid
      if (spec.targetContainerName !== undefined && shares === undefined)
        throw new Error(`container ${spec.targetContainerName} does not run`)
      return this.#launch(spec, command, shares)
    })
    this.#ephemeral.set(spec.name, container)
    container.start()
  }

  #make(
    spec: ContainerSpec,
    restart: 'Always' | 'OnFailure' | 'Never',
    launch: (command: string[]) => string[],
  ): PodContainer {
    const { store, imagesPath, api } = this.#options
    return new PodContainer({
      name: spec.name,
      image: spec.image,
      logPath: this.logPath(spec.name),
      restart,
      command: () => {
        const image = imageNamed(readImages(imagesPath), spec.image)
        const env: Record<string, string> = {
          PATH: process.env.PATH ?? '/usr/bin:/bin',
          HOME: '/root',
          HOSTNAME: this.#pod.metadata.name,
          KUBERNETES_SERVICE_HOST: api.host,
          KUBERNETES_SERVICE_PORT: String(api.port),
          ...image.env,
          ...containerEnvironment(spec, this.#pod, store),
        }
        const entry = spec.command ?? image.command
        const args = (spec.args ?? []).map((one) => expand(one, env))
        return { command: launch([...entry.map((one) => expand(one, env)), ...args]), env }
      },
      onChange: () => this.#publish(),
    })
  }

  #launch(spec: ContainerSpec, command: string[], shares?: number): string[] {
    const image = imageNamed(readImages(this.#options.imagesPath), spec.image)
    const own = spec.securityContext ?? {}
    const ofPod = (this.#pod.spec.securityContext ?? {}) as SecurityContext
    const runAsUser = own.runAsUser ?? ofPod.runAsUser
    return launchCommand({
      pause: this.#pause?.pid ?? 0,
      mounts: this.#volumes?.mounts(spec) ?? [],
      capabilities: capabilitiesOf({ ...own, ...(runAsUser !== undefined && { runAsUser }) }),
      folder: spec.workingDir ?? image.root,
      command,
      ...(shares !== undefined && { shares }),
    })
  }

  #probe({ readinessProbe, livenessProbe, ports = [], name }: ContainerSpec, container: PodContainer): void {
    const target = {
      address: this.#address,
      portOf: (port: number | string): number =>
        typeof port === 'number' ? port : (ports.find((one) => one.name === port)?.containerPort ?? 0),
      inside: (command: string[]): string[] => {
        const { pid = 0 } = container
        return ['nsenter', `--target=${pid}`, '--net', '--uts', '--ipc', '--pid', '--mount', '--', ...command]
      },
    }
    if (readinessProbe !== undefined) {
      const stop = keepProbing(readinessProbe, target, (ok, why) => {
        container.ready = ok && container.isRunning
        if (!ok) this.#options.onEvent('Unhealthy', `Readiness probe failed: ${why}`, 'Warning')
        this.#publish()
      })
      this.#probing.push(stop)
    }
    if (livenessProbe === undefined) return
    const stop = keepProbing(livenessProbe, target, (ok, why) => {
      if (ok || !container.isRunning) return
      this.#options.onEvent(
        'Unhealthy',
        `Liveness probe failed: ${why}; container ${name} will be restarted`,
        'Warning',
      )
      container.kill()
    })
    this.#probing.push(stop)
  }

  /** Writes the status, once for many changes of one turn. */
  #publish(): void {
    if (this.#publishing) return
    this.#publishing = true
    setImmediate(() => {
      this.#publishing = false
      const { namespace, name, uid } = this.#pod.metadata
      const { store } = this.#options
      if (store.find('pods', namespace, name)?.metadata.uid !== uid) return
      store.edit('pods', namespace, name, (object) => {
        object.status = this.#status(object)
      })
    })
  }

  #status(object: Stored): object {
    const specs = this.#pod.spec.containers as ContainerSpec[]
    const containers = [...this.#containers.values()]
    const statuses = specs.map((spec) => {
      const container = this.#containers.get(spec.name)
      // Without a readiness probe a container is ready as long as it runs.
      if (container !== undefined && spec.readinessProbe === undefined)
        container.ready = container.isRunning && this.#ending === undefined
      return statusOf(spec, container)
    })
    const allReady = containers.length === specs.length && containers.every(({ ready }) => ready)
    const earlier = (object.status?.conditions ?? []) as { type: string; status: string; lastTransitionTime: string }[]
    const condition = (type: string, ok: boolean): object => {
      const status = ok ? 'True' : 'False'
      const same = earlier.find((one) => one.type === type && one.status === status)
      return { type, status, lastProbeTime: null, lastTransitionTime: same?.lastTransitionTime ?? timeNow() }
    }
    const ephemeral = ((object.spec.ephemeralContainers ?? []) as ContainerSpec[]).map((spec) =>
      statusOf(spec, this.#ephemeral.get(spec.name)),
    )
    return {
      phase: this.#phase(containers),
      ...(this.#problem !== undefined && { message: this.#problem }),
      qosClass: 'BestEffort',
      hostIP: NODE_ADDRESS,
      hostIPs: [{ ip: NODE_ADDRESS }],
      ...(this.#address !== '' && { podIP: this.#address, podIPs: [{ ip: this.#address }] }),
      startTime: this.#startTime,
      conditions: [
        condition('PodScheduled', true),
        condition('Initialized', this.#volumes !== undefined),
        condition('ContainersReady', allReady),
        condition('Ready', allReady),
      ],
      containerStatuses: statuses,
      ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
    }
  }

  #phase(containers: PodContainer[]): string {
    if (this.#problem !== undefined || containers.length === 0) return 'Pending'
    if (containers.every(({ isFinished }) => isFinished)) {
      return containers.every(({ state }) => state.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed'
    }
    return containers.some(({ id }) => id !== '') ? 'Running' : 'Pending'
  }
}

function statusOf(spec: ContainerSpec, container: PodContainer | undefined): object {
  const {
    state = { waiting: { reason: 'ContainerCreating' } },
    lastState = {},
    ready = false,
    restartCount = 0,
    id = '',
    started = false,
  } = container ?? {}
  return {
    name: spec.name,
    image: spec.image,
    imageID: spec.image,
    state,
    lastState,
    ready,
    restartCount,
    started,
    ...(id !== '' && { containerID: id }),
  }
}

function imageNamed(images: ImageTable, name: string): ImageTable[string] {
  const image = images[name]
  if (image !== undefined) return image
  const message = `the sandbox has no image "${name}"; add it: remocal sandbox image ${name} --root FOLDER -- COMMAND`
  throw Object.assign(new Error(message), { code: 'ErrImageNeverPull' })
}

/** The process that holds the pod's namespaces; resolves when it has them. */
async function startPause(hostname: string): Promise<ChildProcess> {
  const script = `hostname "$0" && echo ready && exec sleep infinity`
  const child = spawn('unshare', ['--net', '--uts', '--ipc', '--', 'sh', '-c', script, hostname], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.stdout.once('data', () => resolve())
  child.once('error', reject)
  child.once('exit', () => reject(new Error("the pod's namespaces could not be made")))
  await promise
  readlinkSync(`/proc/${child.pid}/ns/net`)
  return child
}
