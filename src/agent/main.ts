/** `remocal agent`: an agent in a pod, or with `--dialer` the dialer. */
import { systemClock } from '../lib/clock.ts'
import { jsonLogger } from '../lib/json-logger.ts'
import { keepSmall } from '../lib/keep-small.ts'
import { createIdentity } from '../wire/session/identity.ts'
import { readArguments } from './arguments.ts'
import { reapAndEnd } from './reap.ts'

/** Runs until SIGTERM, or until nobody has needed the agent for a while. @returns the exit code */
export async function agentMain(argv: string[]): Promise<number> {
  if (argv[0] === '--files') {
    await (await import('./app-files/helper.ts')).answerQuestion(argv[1] ?? '')
    return 0
  }
  if (argv[0] === '--reopen') {
    await (await import('./earlier/helper.ts')).endEarlier(argv[1] ?? '')
    return 0
  }
  const options = readArguments(argv)
  const logger = jsonLogger((line) => process.stderr.write(line))
  const clock = systemClock
  if (!options.dialer && options.handed === undefined)
    return (await import('./begin.ts')).begin(clock, logger, options.takeover)
  keepSmall(clock)
  const identity = createIdentity({ subject: options.dialer ? 'dialer' : 'agent' })
  // The managers read it from the log: it is how they know that this process is the one they asked for.
  process.stdout.write(`${identity.publicKey}\n`)
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort())
  const context = { options, identity, logger, clock, signal: stop.signal }
  if (options.handed === undefined) return (await import('./dialer-role.ts')).runDialer(context)
  const code = await (await import('./pod-role.ts')).runHanded(context, options.handed)
  return reapAndEnd(code, clock)
}
