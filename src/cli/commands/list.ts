import type { ListResult } from '../../lib/daemon-api.ts'
import type { Command } from '../command.ts'
import { DaemonClient } from '../daemon-client.ts'
import { age } from '../render/age.ts'
import { notesText, shortFilterText } from '../render/filter-text.ts'
import { ifDownNotes } from '../render/if-down.ts'
import { plain } from '../render/plain.ts'
import { shareText } from '../render/share.ts'
import { table } from '../render/table.ts'
import { targetOf } from '../target.ts'

type Held = ListResult['workloads'][number]['held'][number]

export const list: Command = {
  name: 'list',
  summary: 'Show workloads, their ports, and who holds what',
  args: [],
  options: [{ flags: '-A, --all-namespaces', summary: 'of all namespaces' }],
  examples: [
    { what: 'of one namespace', line: 'remocal list -n shop' },
    { what: 'what the whole cluster holds, for a script', line: 'remocal list -A -o json' },
  ],
  async run(call) {
    const allNamespaces = call.options.allNamespaces === true
    const body = { target: targetOf(call), namespace: call.namespace ?? '', allNamespaces }
    const result = await new DaemonClient(call.io).call<ListResult>('/v1/list', body, call.signal)
    call.print(result, (shown) => text(shown, allNamespaces))
    return 0
  },
}

function text({ namespace, workloads }: ListResult, withNamespace: boolean): string {
  if (workloads.length === 0) return `No workloads${namespace === undefined ? '' : ` in namespace ${namespace}`}.\n`
  const rows = workloads.flatMap(({ namespace, kind, name, ready, replicas, ports, held }) => {
    const start = [...(withNamespace ? [namespace] : []), `${shortKind(kind)}/${name}`, `${ready}/${replicas}`]
    const shownPorts = ports.map(({ port, name: portName, services }) => {
      const names = services.length > 0 ? ` (${services.join(', ')})` : ''
      return `${portName === undefined ? port : `${portName}:${port}`}${names}`
    })
    const holders = held.map(holderText)
    const [first = '-', ...others] = holders
    return [
      [...start, shownPorts.join(' ') || '-', first],
      ...others.map((holder) => [...start.map(() => ''), '', holder]),
    ]
  })
  return table([[...(withNamespace ? ['NAMESPACE'] : []), 'WORKLOAD', 'READY', 'PORTS', 'HELD BY'], ...rows])
}

/** Who holds what, in one line. */
export function holderText(held: Held): string {
  const { name, by, mode, filter, filtered, priority, wiretap, since, yours, here } = held
  const who = yours ? (here ? 'you' : 'you, on another laptop') : plain(by)
  const short = shortFilterText(filter)
  const what =
    wiretap === undefined
      ? `${mode === 'watch' ? 'watches ' : ''}${short || 'everything'}`
      : `copies of ${shareText(wiretap, short)}`
  return `${who}: ${what}${notesText(priority, filtered, ...ifDownNotes(held))} since ${age(Date.now() - Date.parse(since))}, ${name}`
}

const SHORT: Record<string, string> = {
  Deployment: 'deploy',
  StatefulSet: 'sts',
  DaemonSet: 'ds',
  ReplicaSet: 'rs',
  Pod: 'pod',
  Job: 'job',
}

function shortKind(kind: string): string {
  return SHORT[kind] ?? kind.toLowerCase()
}
