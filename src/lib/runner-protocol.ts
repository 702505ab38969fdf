/**
 * What the daemon and a runner say to each other. The runner is the daemon's child inside the program's user, mount and
 * network namespaces; they talk over Node's IPC, which also carries sockets.
 */

/** Given to the runner as JSON in `REMOCAL_RUNNER`. */
export interface RunnerOptions {
  /** DNS search list, first the namespace's: `shop.svc.cluster.local`. */
  search: string[]
  /** A folder of the user's that the runner mounts over while it sets up. */
  folder: string
}

/**
 * runner → daemon. `tcp` carries a listening `net.Server`: connections that the program makes, redirected; the
 * original destination is asked for with SO_ORIGINAL_DST. `dns-udp` and `dns-tcp` carry the sockets of port 53.
 * `connected` carries a `net.Socket` to the program's own listening port, in answer to `connect`.
 */
export type FromRunner =
  | { kind: 'tcp' }
  | { kind: 'dns-udp' }
  | { kind: 'dns-tcp' }
  | { kind: 'ready'; pid: number; notes: string[] }
  | { kind: 'failed'; code: string; sentence: string; actions: string[] }
  | { kind: 'connected'; id: number }
  | { kind: 'refused'; id: number; code: string; message: string }

/** daemon → runner. `connect`: to 127.0.0.1 (else ::1) inside the namespace. */
export type ToRunner = { kind: 'connect'; id: number; port: number } | { kind: 'end' }
