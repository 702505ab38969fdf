/** What every replica tells those that are connected to it, whether it leads or not: where the others are. */
import type { ControlMessage } from '../wire/messages/control.ts'
import type { Ends } from './carriers/ends.ts'

export interface TellOptions {
  ends: Ends
  /** `host:port` of all managers. */
  managers(): string[]
}

export interface Teller {
  /** Something changed: tells each end what it was not told yet. */
  tell(): void
}

/** Agents and dialers hear of the managers, daemons of the dialers: when they can be told things, and after each change. */
export function startTelling({ ends, managers }: TellOptions): Teller {
  /** By control stream, what was said on it last. */
  const said = new WeakMap<object, string>()

  const say = (
    end: { control: { send(message: ControlMessage): void } | undefined },
    message: ControlMessage,
  ): void => {
    const { control } = end
    const text = JSON.stringify(message)
    if (control === undefined || said.get(control) === text) return
    said.set(control, text)
    control.send(message)
  }

  const tell = (): void => {
    const dialers = ends.dialers.map(({ podUid, publicKey }) => ({ podUid, publicKey }))
    for (const daemon of ends.daemons) say(daemon, { kind: 'dialers', dialers })
    const all = managers()
    for (const end of [...ends.agents, ...ends.dialers]) say(end, { kind: 'managers', managers: all })
  }

  for (const change of ['joined', 'listening', 'left'] as const) ends.on(change, tell)
  return { tell }
}
