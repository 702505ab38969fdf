import type { ConnectResult } from '../../lib/daemon-api.ts'
import type { Command } from '../command.ts'
import { DaemonClient } from '../daemon-client.ts'
import { targetOf } from '../target.ts'

export const connect: Command = {
  name: 'connect',
  summary: 'Join the cluster of the current context',
  args: [],
  options: [],
  examples: [
    { what: 'the current context', line: 'remocal connect' },
    { what: 'another one beside it', line: 'remocal connect --context staging' },
  ],
  async run(call) {
    const startedAt = performance.now()
    const result = await new DaemonClient(call.io).call<ConnectResult>(
      '/v1/connect',
      { target: targetOf(call) },
      call.signal,
    )
    // The user waits for the daemon's start as well.
    const tookMs = performance.now() - startedAt
    call.print({ ...result, tookMs }, text)
    return 0
  },
}

function text({ context, user, mark, managerVersion, link, rttMs, tookMs, already }: ConnectResult): string {
  const how = already ? 'already connected' : `connected in ${(tookMs / 1000).toFixed(1)} s`
  return `${user} · ${context} · ${how} · manager ${managerVersion}, ${Math.round(rttMs)} ms away over ${link} · your mark is ${mark}\n`
}
