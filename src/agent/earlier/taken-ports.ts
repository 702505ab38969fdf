/** Ports that the kernel's own table has as taken, whoever asks. */
import { spawnSync } from 'node:child_process'
import { takenIn } from '../takeover/nft.ts'

const LIMIT_MS = 5000

/** @param table name of the nft table. Empty when there is none. */
export function takenPorts(table: string): Set<number> {
  const { PATH = '' } = process.env
  const { stdout, status } = spawnSync('nft', ['list', 'table', 'inet', table], {
    env: { PATH: `${PATH}:/usr/sbin:/sbin` },
    encoding: 'utf8',
    timeout: LIMIT_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return status === 0 ? takenIn(stdout) : new Set()
}
