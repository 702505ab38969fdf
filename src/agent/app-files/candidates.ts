/** Where an app's certificates and keys may lie: what its command line and environment name, and the volumes of its pod. */

/** Folders of the system, and credentials of the pod's service account: never looked into. */
const CLOSED =
  /^\/(?:proc|sys|dev)(?:\/|$)|(?:^|\/)(?:kubernetes\.io|eks\.amazonaws\.com|serviceaccount|vault\/token)(?:\/|$)/
const PATH = /(?:\.{0,2}\/)?[\w@+-][\w@+.,-]*(?:\/[\w@+.,-]+)*/g
const LIKELY = /\.(?:pem|crt|cert|cer|key|bundle)$|(?:^|\/)(?:tls|ca|server|cert|key)[\w-]*$/i
const MAX_NAMED = 64

/** Whether a path may be asked for at all. */
export function isClosed(path: string): boolean {
  return CLOSED.test(path)
}

/** By its name it may be a certificate or a key. */
export function isLikely(path: string): boolean {
  return LIKELY.test(path)
}

/** Paths that look like certificates or keys in what the app was started with, absolute. */
export function namedPaths(command: readonly string[], env: Readonly<Record<string, string>>, cwd: string): string[] {
  const found = new Set<string>()
  for (const text of [...command, ...Object.values(env)]) {
    // A whole configuration may stand in a variable; a path in it is found, a megabyte of it is not looked at.
    for (const [path] of text.slice(0, 16_384).matchAll(PATH)) {
      const isPath = path.includes('/') || path.includes('.')
      if (!isPath || !isLikely(path) || found.size >= MAX_NAMED) continue
      found.add(path.startsWith('/') ? path : `${cwd.replace(/\/$/, '')}/${path}`)
    }
  }
  return [...found].filter((path) => !isClosed(path))
}

/** Mount points of the app's volumes, those mounted last first: the runtime mounts its own before them (proc_pid_mountinfo(5)). */
export function volumePoints(mountinfo: string): string[] {
  const points = mountinfo.split('\n').flatMap((line) => {
    const fields = line.split(' ')
    const type = fields[fields.indexOf('-') + 1] ?? ''
    const point = fields[4]?.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    )
    if (point === undefined || point === '/' || isClosed(point)) return []
    return /^(?:proc|sysfs|cgroup2?|mqueue|devpts)$/.test(type) ? [] : [point]
  })
  return [...new Set(points.reverse())]
}
