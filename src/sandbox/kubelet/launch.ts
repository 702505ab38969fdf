/** The command line that makes a container of a command: namespaces, mounts, capabilities. */

export interface Mount {
  from: string
  to: string
  readOnly: boolean
}

export interface Launch {
  /** Process that holds the pod's network, UTS and IPC namespaces. */
  pause: number
  /** First process of another container whose PID namespace is shared. */
  shares?: number
  mounts: Mount[]
  /** Lower-case names without `cap_`. */
  capabilities: string[]
  folder: string
  command: string[]
}

/** What container runtimes grant by default. */
const DEFAULT_CAPABILITIES = [
  'chown',
  'dac_override',
  'fowner',
  'fsetid',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'net_bind_service',
  'net_raw',
  'sys_chroot',
]

export interface SecurityContext {
  runAsUser?: number
  capabilities?: { add?: string[]; drop?: string[] }
}

/** A user other than root has none, whatever the default says. */
export function capabilitiesOf({ runAsUser = 0, capabilities = {} }: SecurityContext): string[] {
  const plain = (names: string[] = []): string[] => names.map((name) => name.toLowerCase().replace(/^cap_/, ''))
  const dropped = plain(capabilities.drop)
  const start =
    runAsUser !== 0 || dropped.includes('all') ? [] : DEFAULT_CAPABILITIES.filter((name) => !dropped.includes(name))
  return runAsUser === 0 ? [...new Set([...start, ...plain(capabilities.add)])] : []
}

/** Program and arguments. The process that they start is the parent of the container's first one. */
export function launchCommand({ pause, shares, mounts, capabilities, folder, command }: Launch): string[] {
  const of = (kind: string, pid: number): string => `--${kind}=/proc/${pid}/ns/${kind}`
  const enter = ['nsenter', of('net', pause), of('uts', pause), of('ipc', pause)]
  const bounding = ['-all', ...capabilities.map((name) => `+${name}`)].join(',')
  const become = ['setpriv', `--bounding-set=${bounding}`, '--inh-caps=-all', '--no-new-privs', '--']
  const inside = ['sh', '-c', setUp(mounts, folder), 'sh', ...become, ...command]
  if (shares !== undefined)
    return [...enter, `--pid=/proc/${shares}/ns/pid`, '--', 'unshare', '--mount', '--', ...inside]
  return [...enter, '--', 'unshare', '--pid', '--fork', '--kill-child=KILL', '--mount', '--', ...inside]
}

/** Runs in the new mount namespace, then becomes what follows. */
function setUp(mounts: Mount[], folder: string): string {
  const lines = ['mount -t proc proc /proc', 'mount -t tmpfs -o mode=755 tmpfs /run']
  for (const { from, to, readOnly } of mounts) {
    lines.push(`[ -e ${quote(to)} ] || mkdir -p ${quote(to)}`, `mount --bind ${quote(from)} ${quote(to)}`)
    if (readOnly) lines.push(`mount -o remount,bind,ro ${quote(to)}`)
  }
  return `set -e; ${lines.join('; ')}; cd ${quote(folder)}; exec "$@"`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
