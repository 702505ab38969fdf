/** The privileged beginning of an agent in a pod: makes what needs privileges, then becomes a process that has none. */
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { prepareFiles } from './app-files/start.ts'
import { readAppProcess } from './app-process.ts'
import { prepareReopening } from './earlier/start.ts'
import type { Handover } from './handover.ts'
import { becomeUnprivileged, offerToOom } from './privileges.ts'
import type { TakeoverMode } from './takeover/nft.ts'
import { prepareTakeover } from './takeover/prepare.ts'
import { writeHandover } from './write-handover.ts'

/**
 * A guest is small: a young generation of 1 MiB, no threads of V8's own, and nobody opens a debugger by a signal. And what a request needs is made where
 * it is young: V8 may learn in a rush that such things live long, makes them among the old from then on, and has to copy all that they lead to.
 */
export const AGENT_FLAGS: readonly string[] = [
  '--max-semi-space-size=4',
  '--no-allocation-site-pretenuring',
  '--single-threaded',
  '--disable-sigusr1',
]
/** One thread for look-ups, which shares malloc's one arena with the program. */
export const AGENT_MEMORY: Readonly<Record<string, string>> = { UV_THREADPOOL_SIZE: '1', MALLOC_ARENA_MAX: '1' }

/**
 * @param mode the only way that may be tried
 * Never returns; what could not be made is told to the managers by the process that follows.
 */
export async function begin(clock: Clock, logger: Logger, mode?: TakeoverMode): Promise<never> {
  offerToOom(logger)
  const app = await attempt(readAppProcess)
  const takeover = await attempt(() => prepareTakeover(clock, mode === undefined ? undefined : [mode]))
  const program = [...process.execArgv, ...AGENT_FLAGS, process.argv[1] ?? '']
  const files = await attempt(() => prepareFiles(program, AGENT_MEMORY))
  const reopening =
    'problem' in takeover ? takeover : await attempt(() => prepareReopening(program, AGENT_MEMORY, takeover.table))
  const handover: Handover = { app, takeover, files, reopening }
  const descriptor = writeHandover(handover)
  const kept = 'problem' in takeover ? [] : [...takeover.listeners, ...Object.values(takeover.nft)]
  if (!('problem' in takeover) && takeover.diag !== undefined) kept.push(takeover.diag)
  if (!('problem' in files)) kept.push(files.questions, files.answers)
  if (!('problem' in reopening)) kept.push(reopening.orders, reopening.news)
  const argv = [...process.execArgv, ...AGENT_FLAGS, ...process.argv.slice(1), '--handed', String(descriptor)]
  return becomeUnprivileged([descriptor, ...kept], argv, AGENT_MEMORY)
}

async function attempt<T>(make: () => T | Promise<T>): Promise<T | { problem: string }> {
  try {
    return await make()
  } catch (error) {
    return { problem: (error as Error).message }
  }
}
