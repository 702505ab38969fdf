/** Who is connected to this replica. */
import { EventEmitter } from 'node:events'
import type { Session } from '../../kube/resources.ts'
import type { ControlChannel } from '../../wire/control.ts'
import type { AgentReport } from '../../wire/messages/control.ts'
import type { Mux } from '../../wire/mux/contract.ts'

interface EndBase {
  readonly mux: Mux
  readonly publicKey: string
  control: ControlChannel | undefined
}

export interface AgentEnd extends EndBase {
  readonly role: 'agent'
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly container: string
  /** What its hello names. */
  readonly features: readonly string[]
  report: AgentReport | undefined
}

export interface DialerEnd extends EndBase {
  readonly role: 'dialer'
  readonly pod: string
  readonly podUid: string
}

export interface DaemonEnd extends EndBase {
  readonly role: 'daemon'
  /** Name of its Session object. */
  readonly session: string
}

export type End = AgentEnd | DialerEnd | DaemonEnd

interface EndEvents {
  joined: [End]
  /** It can be told things now. */
  listening: [End]
  left: [End]
  /** An agent reported. */
  report: [AgentEnd]
  /** An agent asks who has an address. */
  lookup: [AgentEnd, string]
}

export class Ends extends EventEmitter<EndEvents> {
  readonly #all = new Set<End>()

  /** Ends the carriers of daemons whose Session object is gone, or is another one by now: they have no rights any more. */
  endWithoutSession(sessions: ReadonlyMap<string, Session>): void {
    for (const { mux, session, publicKey } of this.daemons) {
      if (sessions.get(session)?.spec.publicKey !== publicKey)
        mux.close(new Error(`there is no Session ${session} any more`))
    }
  }

  add(end: End): void {
    this.#all.add(end)
    this.emit('joined', end)
  }

  remove(end: End): void {
    if (this.#all.delete(end)) this.emit('left', end)
  }

  /** The last agent that joined from a pod. */
  agent(podUid: string): AgentEnd | undefined {
    let last: AgentEnd | undefined
    for (const end of this.#all) if (end.role === 'agent' && end.podUid === podUid) last = end
    return last
  }

  /** The last carrier of a dialer's pod. */
  dialer(podUid: string): DialerEnd | undefined {
    return this.dialers.findLast((end) => end.podUid === podUid)
  }

  get agents(): AgentEnd[] {
    return [...this.#all].filter((end) => end.role === 'agent')
  }

  get dialers(): DialerEnd[] {
    return [...this.#all].filter((end) => end.role === 'dialer')
  }

  get daemons(): DaemonEnd[] {
    return [...this.#all].filter((end) => end.role === 'daemon')
  }

  closeAll(reason: Error): void {
    for (const { mux } of [...this.#all]) mux.close(reason)
  }
}
