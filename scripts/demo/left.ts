/** What a demo left behind on this machine. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @param home its state folder */
export function leftOf(home: string): string[] {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => read(`/proc/${pid}/environ`).includes(`REMOCAL_HOME=${home}`))
    .map((pid) => `process ${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`)
  const mounts = read('/proc/mounts')
    .split('\n')
    .filter((line) => line.includes(home))
    .map((line) => `mount ${line}`)
  const rules = tables().map((line) => `rule ${line}`)
  const files = existsSync(join(home, 'sandbox')) ? [`file ${join(home, 'sandbox')}`] : []
  return [...processes, ...mounts, ...rules, ...files]
}

/** Tables of ours in this network namespace: there should never be one. */
function tables(): string[] {
  try {
    const text = execFileSync('nft', ['list', 'tables'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return text.split('\n').filter((line) => /\b(remocal(-\d+)?|services)$/.test(line))
  } catch {
    // Without the right to see rules there was none to make them.
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
