/** What agents and dialers are told, as the leader: sent when it differs from what they were told last. */
import type { Session } from '../kube/resources.ts'
import type { AgentEnd, DialerEnd, Ends } from './carriers/ends.ts'
import type { ClusterNetworks } from './networks.ts'
import { type ConfigContent, podConfig } from './reconcile/agent-config.ts'
import type { Decision } from './reconcile/decide.ts'

export interface ConfigsInput {
  /** Number of this term. */
  epoch: number
  decisions: Decision[]
  /** Namespaces with attachments that nothing is decided about yet: their agents go on as they do. */
  undecided: ReadonlySet<string>
  /** By name. */
  sessions: ReadonlyMap<string, Session>
  /** Undefined until the cluster's networks are known: no dialer may dial before. */
  networks: Pick<ClusterNetworks, 'cidrs' | 'denied'> | undefined
}

interface Sent {
  generation: number
  content: string
  /** The connection that it was sent on, and its control stream. */
  control: AgentEnd['control']
}

export class Configs {
  readonly #ends: Ends
  /** By pod uid. */
  readonly #sent = new Map<string, Sent>()
  /** Of this term; grows with each change of any config, so that no pod's number ever goes back. */
  #generation = 0

  constructor(ends: Ends) {
    this.#ends = ends
  }

  /** Generation of the config that a pod's agent or dialer was sent last; 0: none. */
  sentTo(podUid: string): number {
    return this.#sent.get(podUid)?.generation ?? 0
  }

  /** A term begins. */
  clear(): void {
    this.#sent.clear()
    this.#generation = 0
  }

  send({ epoch, decisions, undecided, sessions, networks }: ConfigsInput): void {
    const pods = new Map(decisions.flatMap(({ pods }) => pods.map((pod) => [pod.metadata.uid ?? '', pod])))
    const nothing: ConfigContent = { routes: [], peers: {}, probes: [], cidrs: [], denied: [] }
    const connected = new Set<string>()
    for (const agent of this.#ends.agents) {
      connected.add(agent.podUid)
      if (this.#ends.agent(agent.podUid) !== agent) continue
      if (undecided.has(agent.namespace)) continue
      const pod = pods.get(agent.podUid)
      this.#send(epoch, agent, pod === undefined ? nothing : podConfig(pod, decisions, sessions, agent.features))
    }
    const peers = Object.fromEntries([...sessions].map(([name, { spec }]) => [name, spec.publicKey]))
    for (const dialer of this.#ends.dialers) {
      connected.add(dialer.podUid)
      if (networks === undefined || this.#ends.dialer(dialer.podUid) !== dialer) continue
      const { cidrs, denied } = networks
      this.#send(epoch, dialer, { routes: [], peers, probes: [], cidrs, denied })
    }
    for (const podUid of this.#sent.keys()) if (!connected.has(podUid)) this.#sent.delete(podUid)
  }

  #send(epoch: number, { podUid, control }: AgentEnd | DialerEnd, content: ConfigContent): void {
    if (control === undefined) return
    const text = JSON.stringify(content)
    const last = this.#sent.get(podUid)
    if (last?.content === text && last.control === control) return
    const generation = last?.content === text ? last.generation : ++this.#generation
    this.#sent.set(podUid, { generation, content: text, control })
    control.send({ kind: 'config', epoch, generation, ...content })
  }
}
