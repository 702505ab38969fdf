/** A long call of a command: its steps on stderr, its end on Ctrl-C. */
import type { KeepResult } from '../lib/daemon-api.ts'
import { Fault } from '../lib/fault.ts'
import type { Call } from './command.ts'
import { DaemonClient, type Held } from './daemon-client.ts'
import { Interrupted } from './interrupted.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Asks the daemon, showing what it says meanwhile. Ctrl-C and SIGTERM give the call up until it has answered, and then nothing is left of it. */
export function holdShown<T>(
  call: Call,
  path: string,
  body: object,
  onEvent: (event: unknown) => void = () => {},
): Promise<Held<T>> {
  return held(call, path, body, onEvent, async () => {})
}

/**
 * As `holdShown`, for what stays after the call: either the result comes back, to be shown, or nothing stays. A signal that comes when
 * the daemon has answered changes nothing any more.
 */
export function keepShown<T extends { name: string }>(call: Call, path: string, body: object): Promise<Held<T>> {
  return held<T>(
    call,
    path,
    body,
    () => {},
    async ({ result: { name }, closed }) => {
      const { kept } = await new DaemonClient(call.io).call<KeepResult>('/v1/keep', { name })
      if (kept) return
      // Somebody else ended it in this moment, and the daemon says why.
      const fault = await closed
      if (fault !== undefined) throw Fault.from(fault)
    },
  )
}

async function held<T>(
  call: Call,
  path: string,
  body: object,
  onEvent: (event: unknown) => void,
  onAnswer: (held: Held<T>) => Promise<void>,
): Promise<Held<T>> {
  const stop = new AbortController()
  let answered = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (answered) return
    const interrupted = new Interrupted(signal)
    // Who asks twice does not wait, for a daemon that starts perhaps: what it holds for this process ends with it.
    if (stop.signal.aborted) process.exit(interrupted.exit)
    stop.abort(interrupted)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  const handlers = {
    onStep: (text: string) => call.io.stderr(`${text}\n`),
    onWarning: (text: string) => call.io.stderr(`warning: ${text}\n`),
    onEvent,
  }
  try {
    const made = await new DaemonClient(call.io).hold<T>(path, body, handlers, stop.signal)
    stop.signal.throwIfAborted()
    answered = true
    await onAnswer(made)
    return made
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}
