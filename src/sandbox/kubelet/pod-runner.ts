/** One pod: its namespaces, its containers, its status, its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../../lib/logger.ts'
import { type Store, type Stored, timeNow } from '../apiserver/store.ts'
import type { PodNetwork } from '../network/pod-network.ts'
import { PodContainer } from './container.ts'
import { type ProbedSpec, probeContainer } from './container-probes.ts'
import { containerEnvironment, type EnvSpec, expand } from './environment.ts'
import { type Image, type ImageTable, readImages } from './images.ts'
import { capabilitiesOf, launchCommand, type SecurityContext } from './launch.ts'
import { podStatus } from './pod-status.ts'
import { type PreStop, runPreStop } from './pre-stop.ts'
import type { ProbeTarget } from './probes.ts'
import { closedFolder, isMapped } from './users.ts'
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

interface ContainerSpec extends EnvSpec, ProbedSpec {
  name: string
  image: string
  command?: string[]
  args?: string[]
  workingDir?: string
  securityContext?: SecurityContext
  ports?: { name?: string; containerPort: number }[]
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[]
  lifecycle?: { preStop?: PreStop }
  targetContainerName?: string
}

export class PodRunner {
  readonly #options: PodRunnerOptions
  readonly #containers = new Map<string, PodContainer>()
  readonly #init = new Map<string, PodContainer>()
  readonly #ephemeral = new Map<string, PodContainer>()
  readonly #startTime = timeNow()
  #pod: Stored
  #pause: ChildProcess | undefined
  #address = ''
  #volumes: PodVolumes | undefined
  #initialized = false
  #failed = false
  #publishing = false
  #starting: Promise<void> = Promise.resolve()
  #ending: Promise<void> | undefined
  #problem: string | undefined

  constructor(options: PodRunnerOptions) {
    this.#options = options
    this.#pod = options.pod
  }

  get address(): string {
    return this.#address
  }

  /** The process that holds the pod's network namespace. */
  get pausePid(): number | undefined {
    return this.#pause?.pid
  }

  logPath(container: string, previous = false): string {
    return join(this.#options.folder, `${container}${previous ? '.previous' : ''}.log`)
  }

  isRunning(container: string): boolean {
    return this.#named(container)?.isRunning === true
  }

  #named(name: string): PodContainer | undefined {
    return this.#containers.get(name) ?? this.#init.get(name) ?? this.#ephemeral.get(name)
  }

  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    if (this.#ending !== undefined) return
    const { folder, network, sources } = this.#options
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 })
      this.#pause = await startPause(this.#pod.spec.hostname ?? this.#pod.metadata.name)
      this.#address = await network.join(this.#pause.pid ?? 0)
      this.#pod = { ...this.#pod, status: { ...this.#pod.status, podIP: this.#address } }
      this.#volumes = new PodVolumes(join(folder, 'volumes'), this.#pod, sources)
      this.#publish()
      this.#initialized = await this.#runInitContainers()
      if (this.#initialized && this.#ending === undefined) {
        for (const spec of this.#pod.spec.containers as ContainerSpec[]) this.#startContainer(spec)
      }
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
    if (this.#initialized && this.#ending === undefined) {
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
    for (const { name, isRunning } of this.#containers.values()) {
      if (isRunning) onEvent('Killing', `Stopping container ${name}`)
    }
    this.#publish()
    const stop = (all: Map<string, PodContainer>, seconds: number): Promise<unknown> =>
      Promise.all([...all.values()].map((container) => container.stop(seconds)))
    // One that still begins ends with its init container, and makes no other.
    await stop(this.#init, graceSeconds)
    await this.#starting
    await stop(this.#containers, graceSeconds)
    await stop(this.#ephemeral, 0)
    await kill(this.#pause)
    if (this.#address !== '') network.leave(this.#address)
    const { namespace, name, uid } = this.#pod.metadata
    if (store.find('pods', namespace, name)?.metadata.uid === uid) store.delete('pods', namespace, name, 0)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }

  /** @returns false when one failed for good, or the pod ends */
  async #runInitContainers(): Promise<boolean> {
    for (const spec of (this.#pod.spec.initContainers ?? []) as ContainerSpec[]) {
      if (this.#ending !== undefined) return false
      const policy = this.#pod.spec.restartPolicy === 'Never' ? 'Never' : 'OnFailure'
      const container = this.#make(spec, policy, (command) => this.#launch(spec, command))
      this.#init.set(spec.name, container)
      container.start()
      await container.finished
      container.ready = container.state.terminated?.exitCode === 0
      if (container.ready) continue
      this.#failed = this.#ending === undefined
      return false
    }
    return true
  }

  #startContainer(spec: ContainerSpec): void {
    const launch = (command: string[]): string[] => this.#launch(spec, command)
    const container = this.#make(spec, this.#pod.spec.restartPolicy, launch, () => this.#probe(spec, container))
    this.#containers.set(spec.name, container)
    container.start()
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
    onRun?: () => () => void,
  ): PodContainer {
    const { store, imagesPath, api, onEvent } = this.#options
    const { preStop } = spec.lifecycle ?? {}
    return new PodContainer({
      name: spec.name,
      image: spec.image,
      logPath: this.logPath(spec.name),
      previousLogPath: this.logPath(spec.name, true),
      onEvent,
      ...(onRun !== undefined && { onRun }),
      ...(preStop !== undefined && {
        beforeStop: async (graceSeconds: number) => {
          const why = await runPreStop(preStop, this.#targetOf(spec), graceSeconds)
          if (why !== undefined) onEvent('FailedPreStopHook', `PreStopHook failed: ${why}`, 'Warning')
        },
      }),
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
    const user =
      runAsUser === undefined ? undefined : this.#userOf(runAsUser, own.runAsGroup ?? ofPod.runAsGroup, image)
    return launchCommand({
      pause: this.#pause?.pid ?? 0,
      mounts: this.#volumes?.mounts(spec) ?? [],
      capabilities: capabilitiesOf({ ...own, ...(runAsUser !== undefined && { runAsUser }) }),
      folder: spec.workingDir ?? image.root,
      command,
      ...(user !== undefined && { user }),
      ...(shares !== undefined && { shares }),
    })
  }

  /** Undefined where it must stay root: the namespace maps no other user, or a home is closed to him that holds the image. */
  #userOf(uid: number, gid: number | undefined, { root }: Image): { uid: number; gid: number } | undefined {
    if (uid === 0 || !isMapped(uid)) return undefined
    if (closedFolder(root, uid) !== undefined) return undefined
    return { uid, gid: gid ?? 0 }
  }

  /** What a container's probes and hooks are asked of. */
  #targetOf(spec: ContainerSpec): ProbeTarget {
    return {
      address: this.#address,
      portOf: (port: number | string): number =>
        typeof port === 'number' ? port : (spec.ports?.find(({ name }) => name === port)?.containerPort ?? 0),
      inside: (command: string[]): string[] => {
        const { pid = 0 } = this.#containers.get(spec.name) ?? {}
        return ['nsenter', `--target=${pid}`, '--net', '--uts', '--ipc', '--pid', '--mount', '--', ...command]
      },
    }
  }

  #probe(spec: ContainerSpec, container: PodContainer): () => void {
    return probeContainer(spec, this.#targetOf(spec), {
      onStarted: () => {
        container.started = true
        this.#publish()
      },
      onReady: (ready) => {
        container.ready = ready
        this.#publish()
      },
      onDead: () => container.endRun(this.#pod.spec.terminationGracePeriodSeconds ?? 30),
      onUnhealthy: (message) => this.#options.onEvent('Unhealthy', message, 'Warning'),
    })
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
        object.status = podStatus(object, {
          address: this.#address,
          startTime: this.#startTime,
          initialized: this.#initialized,
          ending: this.#ending !== undefined,
          problem: this.#problem,
          failed: this.#failed,
          init: this.#init,
          containers: this.#containers,
          ephemeral: this.#ephemeral,
        })
      })
    })
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
  // As container runtimes do: users other than root may listen on low ports.
  const script = `hostname "$0" && echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start && echo ready && exec sleep infinity`
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

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
