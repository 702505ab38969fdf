/** What an attachment does now, in one line, and how to try it. */
import type { AttachResult } from '../../lib/daemon-api.ts'
import { earlierText } from './earlier.ts'

/** @param doing `Intercepting` @param what of the workload's requests */
export function attachedText(
  { namespace, workload, ports, pods, earlier, curl, tookMs }: AttachResult,
  doing: string,
  what: string,
): string {
  const where = ports.map(({ port, target }) => `port ${port} to port ${target} here`).join(', ')
  const count = `${pods.length} pod${pods.length === 1 ? '' : 's'}`
  const line = `${doing} ${workload} in ${namespace}: ${what}, ${where} (${count}, ${(tookMs / 1000).toFixed(1)} s)\n`
  const past = earlier === undefined ? '' : `  note  ${earlierText(earlier)}\n`
  return `${line}${past}${curl === undefined ? '' : `  try   ${curl}\n`}`
}
