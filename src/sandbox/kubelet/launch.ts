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
  /** The user and group that it becomes; undefined: root. */
  user?: { uid: number; gid: number }
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
  runAsGroup?: number
  fsGroup?: number
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
export function launchCommand({ pause, shares, mounts, capabilities, user, folder, command }: Launch): string[] {
  const of = (kind: string, pid: number): string => `--${kind}=/proc/${pid}/ns/${kind}`
  const enter = ['nsenter', of('net', pause), of('uts', pause), of('ipc', pause)]
  const bounding = ['-all', ...capabilities.map((name) => `+${name}`)].join(',')
  const as = user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups']
  const become = ['setpriv', `--bounding-set=${bounding}`, '--inh-caps=-all', ...as, '--no-new-privs', '--']
  const inside = ['sh', '-c', setUp(mounts, folder), 'sh', ...become, ...command]
  if (shares !== undefined)
    return [...enter, `--pid=/proc/${shares}/ns/pid`, '--', 'unshare', '--mount', '--', ...inside]
  return [...enter, '--', 'unshare', '--pid', '--fork', '--kill-child=KILL', '--mount', '--', ...inside]
}

/** Runs in the new mount namespace, then becomes what follows. */
function setUp(mounts: Mount[], folder: string): string {
  const lines = ['mount -t proc proc /proc', 'mount -t tmpfs -o mode=755 tmpfs /run', 'ours=" /run "']
  // A folder before what lies in it.
  for (const { from, to, readOnly } of [...mounts].sort((a, b) => a.to.length - b.to.length)) {
    lines.push(`place ${quote(from)} ${quote(to)} ${readOnly ? 'ro' : 'rw'}`)
  }
  lines.push(`cd ${quote(folder)}`, 'exec "$@"')
  return `${PLACE}\n${lines.join('\n')}`
}

/**
 * `place FROM TO MODE` mounts. Where TO does not exist, the folder that should hold it is covered by a copy of which every entry is
 * the original, so that nothing is made on the machine itself. A copy of `/` must be pivoted to.
 */
const PLACE = `set -e
place() {
  to=$(readlink -m -- "$2")
  if [ ! -e "$to" ]; then
    over=$to
    while [ ! -e "$over" ]; do over=$(dirname -- "$over"); done
    case "$ours" in *" $over "*) ;; *) copy "$over";; esac
    if [ -d "$1" ]; then mkdir -p -- "$to"; else mkdir -p -- "$(dirname -- "$to")"; : > "$to"; fi
  fi
  mount --bind -- "$1" "$to"
  if [ -d "$1" ]; then ours="$ours$to "; fi
  if [ "$3" = ro ]; then mount -o remount,bind,ro -- "$to"; fi
}
copy() {
  new=$(mktemp -d -p /run)
  mount -t tmpfs -o mode=755 tmpfs "$new"
  for entry in "$1"/* "$1"/.[!.]*; do
    if [ -L "$entry" ]; then cp -P -- "$entry" "$new/"
    elif [ -d "$entry" ]; then mkdir -- "$new/\${entry##*/}"; mount --rbind -- "$entry" "$new/\${entry##*/}"
    elif [ -e "$entry" ]; then : > "$new/\${entry##*/}"; mount --bind -- "$entry" "$new/\${entry##*/}"
    fi
  done
  if [ "$1" = / ]; then cd -- "$new"; pivot_root . .; umount -l .; cd /
  else mount --move -- "$new" "$1"
  fi
  ours="$ours$1 "
}`

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
