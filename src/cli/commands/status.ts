import type { StatusResult } from '../../lib/daemon-api.ts'
import type { Command } from '../command.ts'
import { DaemonClient } from '../daemon-client.ts'
import { age } from '../render/age.ts'
import { bridgedText } from '../render/bridged.ts'
import { countsText } from '../render/counts.ts'
import { earlierText } from '../render/earlier.ts'
import { notesText, shortFilterText } from '../render/filter-text.ts'
import { ifDownNotes } from '../render/if-down.ts'
import { shareText } from '../render/share.ts'
import { table } from '../render/table.ts'

export const status: Command = {
  name: 'status',
  summary: 'Show connections, attachments, and what their agents do now',
  args: [],
  options: [],
  namespaceSummary: 'attachments in this namespace only (default: in all)',
  examples: [
    { what: 'everything that the daemon holds', line: 'remocal status' },
    { what: 'of one namespace, for a script', line: 'remocal status -n shop -o json' },
  ],
  async run(call) {
    const body = { context: call.context, namespace: call.namespace }
    const result = await new DaemonClient(call.io).callRunning<StatusResult>('/v1/status', body)
    call.print(result ?? { daemon: null, clusters: [] }, () => statusText(result))
    return 0
  },
}

export function statusText(result: StatusResult | undefined): string {
  if (result === undefined) return 'No daemon is running; nothing is attached.\n'
  const { daemon, clusters } = result
  const head = `daemon     ${daemon.version} · up ${age(daemon.uptimeMs)} · pid ${daemon.pid}\n`
  if (clusters.length === 0) return `${head}No cluster is connected.\n`
  return head + clusters.map(clusterText).join('')
}

function clusterText(cluster: StatusResult['clusters'][number]): string {
  const { context, user, mark, state, message, manager, managerVersion, link: kind, rttMs, attachments } = cluster
  const link =
    state === 'connected'
      ? `link ok ${Math.round(rttMs)} ms over ${kind}`
      : `${state}${message === undefined ? '' : `: ${message}`}`
  const lines = [
    `\ncluster    ${context} · ${link}`,
    `you        ${user} · your mark is ${mark} (header "x-remocal: ${mark}")`,
    `manager    ${manager === '' ? '-' : `${manager} ${managerVersion}`}`,
    '',
  ]
  if (attachments.length === 0) return `${lines.join('\n')}No attachments.\n`
  const rows = attachments.flatMap((attachment) => {
    const { namespace, workload, mode, ports, since, agents } = attachment
    const shown = agents.length > 0 ? agents : [{ pod: '-', state: '-', routeNow: '-' }]
    return shown.map(({ pod, state: config, routeNow, ...rest }, index) => {
      const said = 'message' in rest && rest.message !== undefined ? ` ${rest.message}` : ''
      const past = 'earlier' in rest && rest.earlier !== undefined ? ` ${earlierText(rest.earlier)}` : ''
      const bridges = 'bridged' in rest && rest.bridged !== undefined ? ` ${bridgedText(rest.bridged)}` : ''
      const start =
        index > 0
          ? ['', '', '', '', '']
          : [
              `${namespace}/${workload}`,
              attachment.name,
              ports.map(({ port, target }) => (port === target ? `${port}` : `${port}:${target}`)).join(','),
              requestsOf(attachment),
              age(Date.now() - Date.parse(since)),
            ]
      return [...start, pod, config + said + past + bridges, routeOf(mode, routeNow, said)]
    })
  })
  return `${lines.join('\n')}${table([['WORKLOAD', 'NAME', 'PORTS', 'REQUESTS', 'AGE', 'POD', 'CONFIG', 'ROUTE NOW'], ...rows])}`
}

/** What a laptop gets, by mode. */
const TO_LAPTOP = { intercept: 'laptop', wiretap: 'app, copies here', watch: 'app' }

/** Connections in TLS that cannot be looked into (RC-E-330 to -335) go to the app, whatever becomes of the others. */
function routeOf(mode: Shown['mode'], routeNow: string, said: string): string {
  if (routeNow !== 'laptop') return routeNow
  return mode === 'intercept' && /\bRC-E-33[0-5]:/.test(said) ? 'laptop, TLS: app' : TO_LAPTOP[mode]
}

type Shown = StatusResult['clusters'][number]['attachments'][number]

/** Which requests it is about, and what becomes of them when nothing listens, or became of copies. */
function requestsOf(shown: Shown): string {
  const { mode, filter, filtered, priority, wiretap } = shown
  if (mode === 'watch') return 'watched by verify'
  const short = shortFilterText(filter)
  if (wiretap !== undefined) return `${shareText(wiretap, short)}${notesText(0, filtered)}: ${countsText(wiretap)}`
  return `${short === '' ? 'everything' : short}${notesText(priority, filtered, ...ifDownNotes(shown))}`
}
