import type { ListResult } from '../../lib/daemon-api.ts'
import type { Command } from '../command.ts'
import { DaemonClient } from '../daemon-client.ts'
import { age } from '../render/age.ts'
import { notesText, shortFilterText } from '../render/filter-text.ts'
import { table } from '../render/table.ts'
import { targetOf } from '../target.ts'

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
    const holders = held.map(({ name: of, by, mode, filter, filtered, priority, since, yours }) => {
      const who = yours ? 'you' : by
      const how = { intercept: '', wiretap: 'copies of ', watch: 'watches ' }[mode]
      const what = `${how}${shortFilterText(filter) || 'everything'}${notesText(priority, filtered)}`
      return `${who}: ${what} since ${age(Date.now() - Date.parse(since))}, ${of}`
    })
    const [first = '-', ...others] = holders
    return [
      [...start, shownPorts.join(' ') || '-', first],
      ...others.map((holder) => [...start.map(() => ''), '', holder]),
    ]
  })
  return table([[...(withNamespace ? ['NAMESPACE'] : []), 'WORKLOAD', 'READY', 'PORTS', 'HELD BY'], ...rows])
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
