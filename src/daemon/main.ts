/** `remocal daemon`: one a user. Says on descriptor 3 that it is ready, or why it is not. */
import { chmodSync, mkdirSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fault } from '../diagnose/catalogue.ts'
import { claimStateFolder } from '../diagnose/claim-state-folder.ts'
import { systemClock } from '../lib/clock.ts'
import { Fault } from '../lib/fault.ts'
import { jsonLogger } from '../lib/json-logger.ts'
import { keepSmall } from '../lib/keep-small.ts'
import { stateFolder } from '../lib/state-folder.ts'
import { systemReason } from '../lib/system-reason.ts'
import { createApi } from './api.ts'
import { Clusters } from './clusters.ts'
import { graceOf } from './grace.ts'
import { closeAnswered, whenIdle } from './idle.ts'
import { Journal } from './journal.ts'
import { type Lock, takeLock } from './lock.ts'

/** So long a caller is waited for that came while the daemon ended by itself. */
const ANSWER_MS = 1000

/** @param entry the program's entry, which runners are started with @returns the exit code */
export async function daemonMain(entry: string): Promise<number> {
  const logger = jsonLogger((line) => process.stderr.write(line))
  try {
    const graceMs = graceOf(process.env)
    const folder = claimStateFolder(stateFolder(process.env))
    const lock = lockIn(folder)
    if (lock === undefined) {
      // Another one was quicker and serves this user.
      report({})
      return 0
    }
    const over = Promise.withResolvers<void>()
    const journal = new Journal(join(folder, 'journal.json'))
    const clusters = new Clusters({ journal, clock: systemClock, logger, graceMs })
    const runners = join(folder, 'runners')
    rmSync(runners, { recursive: true, force: true })
    mkdirSync(runners, { mode: 0o700 })
    let count = 0
    let isEnding = false
    const server = createApi({
      clusters,
      entry,
      logger,
      isEnding: () => isEnding,
      newFolder: () => join(runners, String(++count)),
      async quit() {
        const left = await clusters.closeAll()
        setImmediate(over.resolve)
        return left
      },
    })
    const socket = join(folder, 'daemon.sock')
    rmSync(socket, { force: true })
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(unusable(folder, error)))
      server.listen(socket, resolve)
    })
    chmodSync(socket, 0o600)
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => over.resolve())
    // A terminal that closes is no reason to end.
    process.on('SIGHUP', () => {})
    process.on('uncaughtException', (error) => {
      logger.error({ error, stack: error.stack }, 'a mistake')
      over.resolve()
    })
    const wasWanted = report({})
    keepSmall(systemClock)
    logger.info({ pid: process.pid, folder }, 'daemon is ready')
    const onIdle = (): void => {
      logger.info({}, 'nothing is left to do')
      isEnding = true
      over.resolve()
    }
    // Who started it by hand wants it.
    if (wasWanted) whenIdle({ clock: systemClock, server, isNeeded: () => !clusters.isEmpty, onIdle })
    await over.promise
    if (isEnding) {
      rmSync(socket, { force: true })
      await closeAnswered(server, ANSWER_MS, systemClock)
    } else server.close()
    await clusters.closeAll()
    server.closeAllConnections()
    rmSync(socket, { force: true })
    rmSync(runners, { recursive: true, force: true })
    lock.release()
    return 0
  } catch (error) {
    const known =
      error instanceof Fault ? error : fault('RC-L-101', `Cannot start the daemon: ${(error as Error).message}.`)
    report({ fault: known.toJSON() })
    logger.error({ error, stack: (error as Error).stack }, 'daemon not started')
    return known.exit
  }
}

function lockIn(folder: string): Lock | undefined {
  try {
    return takeLock(join(folder, 'daemon.lock'))
  } catch (error) {
    throw unusable(folder, error)
  }
}

function unusable(folder: string, error: unknown): Fault {
  return fault(
    'RC-L-103',
    `Cannot use the state folder ${folder}: ${systemReason(error)}.`,
    ['free some space, or name another folder in REMOCAL_HOME'],
    error,
  )
}

/** Whoever started this process waits for one line on descriptor 3. @returns false when nobody does: it was started by hand */
function report(said: object): boolean {
  try {
    writeSync(3, `${JSON.stringify(said)}\n`)
    return true
  } catch {
    return false
  }
}
