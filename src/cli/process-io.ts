/** The Io of this process. */
import { buffer } from 'node:stream/consumers'
import type { Io } from './io.ts'

/** @param entry file that starts this program again */
export function processIo(entry: string): Io {
  // A reader that went away (`remocal list | head`) is no error of ours.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
  return {
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    stdin: () => buffer(process.stdin),
    env: process.env,
    cwd: process.cwd(),
    entry,
    terminal: process.stdin.isTTY === true,
  }
}
