/** What is said of requests whose target speaks another HTTP than their client. */
import type { BridgedRequests } from '../../lib/daemon-api.ts'

const WHO = { laptop: 'the program', app: 'the app' } as const

export function bridgedText(all: readonly BridgedRequests[]): string {
  return all
    .map(({ who, bridged, requests }) => {
      const count = `${requests} ${requests === 1 ? 'request' : 'requests'}`
      return `${count} bridged, ${bridged}, since ${WHO[who]} speaks no other`
    })
    .join('; ')
}
