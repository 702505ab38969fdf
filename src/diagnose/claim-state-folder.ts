/** The state folder, made if need be, and proved to be this user's alone. */
import { mkdirSync, statSync } from 'node:fs'
import { systemReason } from '../lib/system-reason.ts'
import { fault } from './catalogue.ts'

/** @returns `folder`. Throws RC-L-103 when it cannot be made, belongs to somebody else, or is open to others. */
export function claimStateFolder(folder: string): string {
  const refuse = (why: string, action: string, cause?: unknown): Error =>
    fault('RC-L-103', `Cannot use the state folder ${folder}: ${why}.`, [action], cause)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw refuse(systemReason(error), 'mend it, or name another folder in REMOCAL_HOME', error)
  }
  const { uid, mode } = statSync(folder)
  if (uid !== process.getuid?.())
    throw refuse('it belongs to another user', 'name a folder of your own in REMOCAL_HOME')
  if ((mode & 0o077) !== 0) throw refuse('others may enter it', `chmod 700 ${folder}`)
  return folder
}
