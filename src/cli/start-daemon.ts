/** Starts the daemon of this user, apart from this terminal, and waits until it answers. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { fault } from '../diagnose/catalogue.ts'
import { claimStateFolder } from '../diagnose/claim-state-folder.ts'
import { Fault, type FaultFields } from '../lib/fault.ts'
import { stateFolder } from '../lib/state-folder.ts'
import { systemReason } from '../lib/system-reason.ts'
import type { Io } from './io.ts'

const START_MS = 10_000

/** Resolves when a daemon answers (this one, or another that was quicker). Throws RC-L-101 or RC-L-103. */
export async function startDaemon(io: Io): Promise<void> {
  const folder = stateFolder(io.env)
  const log = open(claimStateFolder(folder))
  // The fourth descriptor is how the daemon says that it is ready, or why it is not.
  const child = spawn(process.execPath, [io.entry, 'daemon'], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log, 'pipe'],
    env: { ...io.env, REMOCAL_HOME: folder },
  })
  closeSync(log)
  child.unref()
  const ready = child.stdio[3] as NodeJS.ReadableStream & { destroy(): void; unref?(): void }
  const said = await new Promise<string>((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => reject(silent(folder, 'it did not answer within 10 s')), START_MS)
    const settle = (call: () => void) => {
      clearTimeout(timer)
      call()
    }
    ready.on('data', (bytes: Buffer) => {
      text += bytes.toString()
      if (text.endsWith('\n')) settle(() => resolve(text))
    })
    ready.on('end', () => settle(() => reject(silent(folder, 'it ended at once'))))
    child.on('error', (error) => settle(() => reject(silent(folder, error.message))))
  }).finally(() => ready.destroy())
  const answer = JSON.parse(said) as { fault?: FaultFields }
  if (answer.fault !== undefined) throw Fault.from(answer.fault)
}

function open(folder: string): number {
  try {
    return openSync(join(folder, 'daemon.log'), 'a', 0o600)
  } catch (error) {
    throw fault(
      'RC-L-103',
      `Cannot use the state folder ${folder}: ${systemReason(error)}.`,
      ['free some space, or name another folder in REMOCAL_HOME'],
      error,
    )
  }
}

function silent(folder: string, why: string): Fault {
  return fault('RC-L-101', `Cannot start the daemon: ${why}.`, [`see the end of ${join(folder, 'daemon.log')}`])
}
