/** What the privileged beginning of an agent hands to the process that replaces it, through a file in memory. */
import { closeSync, fstatSync, readSync, writeSync } from 'node:fs'
import koffi from 'koffi'
import type { AppProcess } from './app-process.ts'
import type { PreparedTakeover } from './takeover/prepare.ts'

/** Each part, or why there is none. */
export interface Handover {
  takeover: PreparedTakeover | { problem: string }
  app: AppProcess | { problem: string }
}

/** @returns the file's descriptor. The app's environment may hold secrets, so it stands in no argument and no file system. */
export function writeHandover(handover: Handover): number {
  const create = koffi.load('libc.so.6').func('int memfd_create(const char *, unsigned int)')
  const descriptor: number = create('remocal-agent', 0)
  if (descriptor < 0) throw new Error('memfd_create failed')
  const bytes = Buffer.from(JSON.stringify(handover))
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, at)
  return descriptor
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
