/** Reads a container's log as `kubectl logs` asks for it. */
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 100
const CHUNK_BYTES = 64 * 1024

export interface LogOptions {
  follow: boolean
  /** Of the run before this one. */
  previous?: boolean
  tailLines?: number
  limitBytes?: number
}

/** @param running false once nothing more is written */
export function readLog(path: string, options: LogOptions, running: () => boolean): Readable {
  return Readable.from(pieces(path, options, running), { objectMode: false })
}

async function* pieces(
  path: string,
  { follow, tailLines, limitBytes = Infinity }: LogOptions,
  running: () => boolean,
): AsyncGenerator<Buffer> {
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return
  try {
    let at = tailLines === undefined ? 0 : tailStart(await file.readFile(), tailLines)
    let left = limitBytes
    while (left > 0) {
      const wasRunning = running()
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(CHUNK_BYTES, left)), 0, undefined, at)
      if (bytesRead > 0) {
        at += bytesRead
        left -= bytesRead
        yield buffer.subarray(0, bytesRead)
      } else if (!follow || !wasRunning) return
      else await delay(POLL_MS)
    }
  } finally {
    await file.close()
  }
}

/** Where the last `lines` lines begin. */
function tailStart(whole: Buffer, lines: number): number {
  let at = whole.at(-1) === 10 ? whole.length - 1 : whole.length
  if (lines === 0) return whole.length
  for (let count = 0; count < lines; count++) {
    at = at === 0 ? -1 : whole.lastIndexOf(10, at - 1)
    if (at < 0) return 0
  }
  return at + 1
}
