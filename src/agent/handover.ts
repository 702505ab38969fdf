/** What the privileged beginning of an agent hands to the process that replaces it, through a file in memory. */
import { closeSync, fstatSync, readSync } from 'node:fs'
import type { PreparedFiles } from './app-files/start.ts'
import type { AppProcess } from './app-process.ts'
import type { PreparedReopening } from './earlier/start.ts'
import type { PreparedTakeover } from './takeover/prepare.ts'

/** Each part, or why there is none. */
export interface Handover {
  takeover: PreparedTakeover | { problem: string }
  app: AppProcess | { problem: string }
  files: PreparedFiles | { problem: string }
  reopening: PreparedReopening | { problem: string }
}

/** Reads what the process before this one wrote, and closes it. */
export function readHandover(descriptor: number): Handover {
  const bytes = Buffer.alloc(fstatSync(descriptor).size)
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(descriptor, bytes, at, bytes.length - at, at)
    if (read === 0) throw new Error('what the agent began with is cut')
    at += read
  }
  closeSync(descriptor)
  return JSON.parse(bytes.toString()) as Handover
}
