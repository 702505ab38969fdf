/** A pod's status as the kubelet words it. */
import { type Stored, timeNow } from '../apiserver/store.ts'
import { NODE_ADDRESS } from '../network/pod-network.ts'
import type { PodContainer } from './container.ts'

export interface PodFacts {
  address: string
  startTime: string
  /** Its init containers have done their work. */
  initialized: boolean
  ending: boolean
  /** Why it could not be made. */
  problem: string | undefined
  /** An init container failed and may not be started again. */
  failed: boolean
  init: ReadonlyMap<string, PodContainer>
  containers: ReadonlyMap<string, PodContainer>
  ephemeral: ReadonlyMap<string, PodContainer>
}

interface Named {
  name: string
  image: string
}

/** @param object as it stands in the store, whose times of transition are kept */
export function podStatus(object: Stored, facts: PodFacts): object {
  const { address, initialized, ending, problem, startTime } = facts
  const waiting = initialized ? 'ContainerCreating' : 'PodInitializing'
  const list = (specs: Named[] | undefined, made: ReadonlyMap<string, PodContainer>): object[] =>
    (specs ?? []).map((spec) => containerStatus(spec, made.get(spec.name), waiting))
  const { containers, initContainers, ephemeralContainers } = object.spec as Record<string, Named[] | undefined>
  const count = containers?.length ?? 0
  const made = [...facts.containers.values()]
  const ready = !ending && made.length === count && made.every((one) => one.ready)
  const earlier = (object.status?.conditions ?? []) as { type: string; status: string; lastTransitionTime: string }[]
  const condition = (type: string, ok: boolean, reason: string): object => {
    const status = ok ? 'True' : 'False'
    const same = earlier.find((one) => one.type === type && one.status === status)
    const lastTransitionTime = same?.lastTransitionTime ?? timeNow()
    return { type, status, lastProbeTime: null, lastTransitionTime, ...(!ok && { reason }) }
  }
  const init = list(initContainers, facts.init)
  const ephemeral = list(ephemeralContainers, facts.ephemeral)
  const phase = phaseOf(facts, count)
  const whyNot = phase === 'Succeeded' ? 'PodCompleted' : 'ContainersNotReady'
  return {
    phase,
    ...(problem !== undefined && { message: problem }),
    qosClass: 'BestEffort',
    hostIP: NODE_ADDRESS,
    hostIPs: [{ ip: NODE_ADDRESS }],
    ...(address !== '' && { podIP: address, podIPs: [{ ip: address }] }),
    startTime,
    conditions: [
      condition('PodScheduled', true, ''),
      condition('Initialized', initialized, 'ContainersNotInitialized'),
      condition('ContainersReady', ready, whyNot),
      condition('Ready', ready, whyNot),
    ],
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: list(containers, facts.containers),
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
  }
}

function containerStatus(spec: Named, container: PodContainer | undefined, waiting: string): object {
  const { name, image } = spec
  if (container === undefined) {
    const state = { waiting: { reason: waiting } }
    return { name, image, imageID: '', state, lastState: {}, ready: false, restartCount: 0, started: false }
  }
  const { state, lastState, ready, restartCount, started, id } = container
  return {
    name,
    image,
    imageID: image,
    state,
    lastState,
    ready,
    restartCount,
    started,
    ...(id !== '' && { containerID: id }),
  }
}

function phaseOf({ containers, problem, failed }: PodFacts, count: number): string {
  if (failed) return 'Failed'
  const all = [...containers.values()]
  if (problem !== undefined || all.length < count) return 'Pending'
  if (all.every(({ isFinished }) => isFinished)) {
    return all.every(({ state }) => state.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed'
  }
  return all.every(({ id }) => id !== '') ? 'Running' : 'Pending'
}
