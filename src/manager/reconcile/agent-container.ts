/** The ephemeral container that is an agent. */
import type { Container, ContainerStatus, Pod } from '../kinds.ts'

export const PREFIX = 'remocal-'
/** After an agent ended, the next one waits so long. */
const AGAIN_MS = 10_000
/** Ephemeral containers stay in the pod's spec for ever: a pod that used up so many gets no more. */
const MAX_AGENTS = 100

export interface AgentContainerOptions {
  image: string
  installationKey: string
  /** `host:port` of the ready managers. */
  managers: string[]
  managersName: string
}

/** How the agent of a pod stands. */
export type AgentState =
  | { kind: 'present'; container: string; status: ContainerStatus | undefined }
  | { kind: 'absent' }
  /** The last one ended a moment ago; `waitMs` until another may be added. */
  | { kind: 'resting'; container: string; waitMs: number }
  /** So many have ended in this pod that none is added any more. */
  | { kind: 'exhausted'; container: string }

/**
 * One that has not ended is the agent, whatever the order in which the API server keeps them. Those that an installation
 * of before has left do not count: they know other keys, and end by themselves.
 * @param now milliseconds since 1970
 */
export function agentState(pod: Pod, installationKey: string, now: number): AgentState {
  const statuses = new Map((pod.status?.ephemeralContainerStatuses ?? []).map((status) => [status.name, status]))
  const ours = (pod.spec.ephemeralContainers ?? [])
    .filter(({ name, args = [] }) => numberOf(name) > 0 && args.includes(installationKey))
    .map(({ name }) => name)
  const ended = (name: string): string | undefined => statuses.get(name)?.state?.terminated?.finishedAt
  const last = ours.sort((a, b) => numberOf(a) - numberOf(b)).at(-1)
  if (last === undefined) return { kind: 'absent' }
  const alive = ours.findLast((name) => statuses.get(name)?.state?.terminated === undefined)
  if (alive !== undefined) return { kind: 'present', container: alive, status: statuses.get(alive) }
  if (ours.length >= MAX_AGENTS) return { kind: 'exhausted', container: last }
  const waitMs = Math.max(...ours.map((name) => Date.parse(ended(name) ?? '') || 0)) + AGAIN_MS - now
  // The first one that ends is replaced at once; only repeated ends are slowed down.
  return ours.length > 1 && waitMs > 0 ? { kind: 'resting', container: last, waitMs } : { kind: 'absent' }
}

/** `remocal-7` → 7; 0 for a container that is not ours. */
function numberOf(name: string): number {
  return name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) || 0 : 0
}

/** The next agent container of a pod; a finished one's name cannot be used again. */
export function agentContainer(pod: Pod, target: string, options: AgentContainerOptions): Container & object {
  const taken = (pod.spec.ephemeralContainers ?? []).map(({ name }) => name)
  let number = 1
  while (taken.includes(`${PREFIX}${number}`)) number++
  const name = `${PREFIX}${number}`
  const { metadata } = pod
  return {
    name,
    image: options.image,
    imagePullPolicy: 'IfNotPresent',
    targetContainerName: target,
    args: [
      'agent',
      ...['--namespace', metadata.namespace ?? ''],
      ...['--pod', metadata.name],
      ...['--pod-uid', metadata.uid ?? ''],
      ...['--container', name],
      ...['--target', target],
      ...['--installation-key', options.installationKey],
      ...['--managers', options.managers.join(',')],
      ...['--managers-name', options.managersName],
    ],
    securityContext: {
      runAsUser: 0,
      runAsNonRoot: false,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'SYS_PTRACE'] },
    },
  } as Container & object
}

/** The container of the app: the named one, the one with the port, or the first. */
export function targetContainer(pod: Pod, container: string | undefined, port: number): string {
  const { containers } = pod.spec
  const named = containers.find(({ name }) => name === container)
  const withPort = containers.find(({ ports = [] }) => ports.some(({ containerPort }) => containerPort === port))
  return (named ?? withPort ?? containers[0])?.name ?? ''
}
