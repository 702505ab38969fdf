/** What every replica tells those that are connected to it, whether it leads or not: where the others are, and it itself. */
import type { ControlMessage } from '../wire/messages/control.ts'
import type { Ends } from './carriers/ends.ts'

export interface TellOptions {
  ends: Ends
  /** `host:port` of all managers. */
  managers(): string[]
  /** The same for who is outside the cluster; undefined until that is known. */
  reach(): string[] | undefined
}

export interface Teller {
  /** Something changed: tells each end what it was not told yet. */
  tell(): void
}

/** Agents and dialers hear of the managers, daemons of the dialers and of the way past the API server: when they can be told things, and after each change. */
export function startTelling({ ends, managers, reach }: TellOptions): Teller {
  /** By control stream and kind, what was said on it last. */
  const said = new WeakMap<object, Map<string, string>>()

  const say = (
    end: { control: { send(message: ControlMessage): void } | undefined },
    message: ControlMessage,
  ): void => {
    const { control } = end
    const text = JSON.stringify(message)
    if (control === undefined) return
    const last = said.get(control) ?? new Map<string, string>()
    if (last.get(message.kind) === text) return
    said.set(control, last.set(message.kind, text))
    control.send(message)
  }

  const tell = (): void => {
    const dialers = ends.dialers.map(({ podUid, publicKey }) => ({ podUid, publicKey }))
    const addresses = reach()
    for (const daemon of ends.daemons) {
      say(daemon, { kind: 'dialers', dialers })
      if (addresses !== undefined) say(daemon, { kind: 'reach', addresses })
    }
    const all = managers()
    for (const end of [...ends.agents, ...ends.dialers]) say(end, { kind: 'managers', managers: all })
  }

  for (const change of ['joined', 'listening', 'left'] as const) ends.on(change, tell)
  return { tell }
}
