/** Joins the circuit that a daemon opens with a flow to the end that it asks for, if it may. */
import type { Intercept } from '../../kube/resources.ts'
import type { Waiters } from '../../lib/waiters.ts'
import { readCircuit } from '../../wire/carrier/accept-circuit.ts'
import { splice } from '../../wire/carrier/splice.ts'
import type { Flow } from '../../wire/mux/contract.ts'
import type { DaemonEnd, Ends } from './ends.ts'

/** An agent or a status that was just written may not be known here yet. */
const WAIT_MS = 3000
const MAX_CIRCUITS = 1024

export class Switch {
  readonly #ends: Ends
  readonly #intercepts: () => Iterable<Intercept>
  readonly #waiters: Waiters

  constructor(ends: Ends, intercepts: () => Iterable<Intercept>, waiters: Waiters) {
    this.#ends = ends
    this.#intercepts = intercepts
    this.#waiters = waiters
  }

  /** Takes a flow of a daemon's carrier. Bound or reset before this returns or soon after; its data waits. */
  take(daemon: DaemonEnd, flow: Flow, header: Buffer): void {
    const to = readCircuit(header)?.to
    if (to === undefined) flow.reset('refused', 'an unreadable circuit header')
    else if (daemon.mux.size > MAX_CIRCUITS) flow.reset('limit', 'too many circuits')
    else if (to === 'dialer') void this.#join(daemon, flow, to, () => this.#dialer())
    else if (to.startsWith('dialer/')) {
      const podUid = to.slice('dialer/'.length)
      void this.#join(daemon, flow, to, () => this.#ends.dialer(podUid))
    } else if (to.startsWith('agent/')) {
      const podUid = to.slice('agent/'.length)
      void this.#join(daemon, flow, to, () => (this.#covers(daemon, podUid) ? this.#ends.agent(podUid) : undefined))
    } else flow.reset('refused', `there is no circuit to ${to}`)
  }

  async #join(
    daemon: DaemonEnd,
    flow: Flow,
    to: string,
    find: () => { mux: DaemonEnd['mux'] } | undefined,
  ): Promise<void> {
    let gone = false
    flow.pause()
    flow.bind({ onData() {}, onEnd() {}, onDrain() {}, onClose: () => (gone = true) })
    const target = await this.#waiters.until(find, WAIT_MS)
    if (gone) return
    if (target === undefined) {
      flow.reset('refused', `${to} is not connected to this manager, or not yours`)
      return
    }
    const far = target.mux.open(Buffer.from(JSON.stringify({ to, from: daemon.session })))
    const over = splice(flow, far)
    flow.resume()
    await over
  }

  /** Attachments of the daemon's session are what gives it a way to a pod's agent. */
  #covers({ session }: DaemonEnd, podUid: string): boolean {
    for (const { spec, status } of this.#intercepts()) {
      if (spec.session === session && status?.agents?.some((agent) => agent.podUid === podUid)) return true
    }
    return false
  }

  #dialer(): { mux: DaemonEnd['mux'] } | undefined {
    const { dialers } = this.#ends
    return dialers[Math.floor(Math.random() * dialers.length)]
  }
}
