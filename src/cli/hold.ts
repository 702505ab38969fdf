/** A long call of a command: its steps on stderr, its end on Ctrl-C. */
import type { Call } from './command.ts'
import { DaemonClient, type Held } from './daemon-client.ts'
import { Interrupted } from './interrupted.ts'

/** Asks the daemon, showing what it says meanwhile. Ctrl-C and SIGTERM give the call up until it has answered. */
export async function holdShown<T>(
  call: Call,
  path: string,
  body: object,
  onEvent: (event: unknown) => void = () => {},
): Promise<Held<T>> {
  const stop = new AbortController()
  const onSignal = (signal: NodeJS.Signals): void => stop.abort(new Interrupted(signal))
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.once(signal, onSignal)
  const handlers = {
    onStep: (text: string) => call.io.stderr(`${text}\n`),
    onWarning: (text: string) => call.io.stderr(`warning: ${text}\n`),
    onEvent,
  }
  try {
    return await new DaemonClient(call.io).hold<T>(path, body, handlers, stop.signal)
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}
