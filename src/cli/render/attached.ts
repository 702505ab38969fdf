/** What an attachment does now, in one line, and how to try it. */
import type { AttachResult } from '../../lib/daemon-api.ts'

/** @param doing `Intercepting` @param what of the workload's requests */
export function attachedText(
  { namespace, workload, ports, pods, curl, tookMs }: AttachResult,
  doing: string,
  what: string,
): string {
  const where = ports.map(({ port, target }) => `port ${port} to port ${target} here`).join(', ')
  const count = `${pods.length} pod${pods.length === 1 ? '' : 's'}`
  const line = `${doing} ${workload} in ${namespace}: ${what}, ${where} (${count}, ${(tookMs / 1000).toFixed(1)} s)\n`
  return curl === undefined ? line : `${line}  try   ${curl}\n`
}
