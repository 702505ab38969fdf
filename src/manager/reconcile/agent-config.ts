/** What an agent is told: the routes of its pod, whom it may talk to, the probes that go to the app. */
import type { Intercept, Session, WiretapSpec } from '../../kube/resources.ts'
import { byPrecedence } from '../../lib/filter/precedence.ts'
import type { AgentConfig, Probe, Route } from '../../wire/messages/control.ts'
import type { Handler, Pod } from '../kinds.ts'
import type { Decision } from './decide.ts'
import { portNamed } from './workload.ts'

/** A config without its number. */
export type ConfigContent = Omit<AgentConfig, 'kind' | 'epoch' | 'generation'>

/** What an agent must say that it knows: one that does not would take nothing of the config. */
export const FEATURES: Partial<Record<Route['mode'], string>> = { watch: 'watch' }

/**
 * @param sessions by name
 * @param features what the agent's hello names
 */
export function podConfig(
  pod: Pod,
  decisions: Decision[],
  sessions: ReadonlyMap<string, Session>,
  features: readonly string[],
): ConfigContent {
  const isKnown = (feature: string | undefined): boolean => feature === undefined || features.includes(feature)
  const covering = decisions.filter(({ pods }) => pods.some(({ metadata }) => metadata.uid === pod.metadata.uid))
  const routes = covering
    .filter(({ intercept: { spec } }) => sessions.has(spec.session) && isKnown(FEATURES[spec.mode]))
    .map(
      ({ intercept: { metadata, spec }, pods }): Route => ({
        intercept: metadata.uid ?? '',
        name: `${metadata.namespace}/${metadata.name}`,
        mode: spec.mode,
        session: spec.session,
        owner: spec.owner,
        ports: spec.ports.map(({ port }) => port),
        filter: spec.filter,
        priority: spec.priority ?? 0,
        ...(spec.ifDown !== undefined && { ifDown: spec.ifDown }),
        ...(spec.tls !== undefined && { tls: tlsOf(spec.tls) }),
        ...(spec.reopen === true && { reopen: true }),
        ...(spec.mode === 'wiretap' && { copies: copiesOf(spec.wiretap, pods.length) }),
        ...(spec.mode === 'watch' && spec.watch !== undefined && { watch: spec.watch }),
      }),
    )
  // Decisions come oldest first, and the sort is stable.
  routes.sort(byPrecedence)
  const peers = Object.fromEntries(routes.map(({ session }) => [session, sessions.get(session)?.spec.publicKey ?? '']))
  return { routes, peers, probes: probesOf(pod), cidrs: [], denied: [] }
}

function tlsOf({ cert, key, plaintext }: NonNullable<Intercept['spec']['tls']>): Route['tls'] {
  return { files: [cert, key].filter((path) => path !== undefined), ...(plaintext && { plaintext }) }
}

/** Each pod's part: what one object says holds for all pods together. */
function copiesOf(wiretap: WiretapSpec | undefined, pods: number): Route['copies'] {
  const { percent = 100, maxRps, diff = false } = wiretap ?? {}
  return { percent, diff, ...(maxRps !== undefined && { maxRps: maxRps / Math.max(1, pods) }) }
}

function probesOf({ spec: { containers } }: Pod): Probe[] {
  return containers.flatMap(({ readinessProbe, livenessProbe, startupProbe }) =>
    [readinessProbe, livenessProbe, startupProbe].flatMap((handler) => {
      const probe = handler === undefined ? undefined : probeOf(handler)
      if (probe === undefined) return []
      const port = typeof probe.port === 'number' ? probe.port : portNamed(containers, probe.port)
      return port === undefined ? [] : [{ port, ...(probe.path !== undefined && { path: probe.path }) }]
    }),
  )
}

function probeOf({ httpGet, tcpSocket }: Handler): { port: number | string; path?: string } | undefined {
  if (httpGet !== undefined) return { port: httpGet.port, path: httpGet.path ?? '/' }
  return tcpSocket
}
