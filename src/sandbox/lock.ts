/** One command at a time on a sandbox's folder. The lock is a name in the kernel, which goes with the process that holds it. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const RETRY_MS = 20

/** @returns frees it. Rejects when another holds it for longer than `limitMs`. */
export async function lockFolder(folder: string, limitMs: number): Promise<() => Promise<void>> {
  const name = `\0remocal-sandbox-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`
  for (let left = limitMs; ; left -= RETRY_MS) {
    const server = createServer((socket) => socket.destroy())
    try {
      server.listen(name)
      await once(server, 'listening')
      return async () => {
        server.close()
        await once(server, 'close')
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || left <= 0) throw error
      await delay(RETRY_MS)
    }
  }
}
