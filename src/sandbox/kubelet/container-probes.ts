/** The probes of one run of a container: startup first, then readiness and liveness. */
import { keepProbing, type Probe, type ProbeTarget } from './probes.ts'

export interface ProbedSpec {
  startupProbe?: Probe
  readinessProbe?: Probe
  livenessProbe?: Probe
}

export interface ProbeResults {
  onStarted(): void
  onReady(ready: boolean): void
  /** It must be started again. */
  onDead(): void
  onUnhealthy(message: string): void
}

/** Begins with a run of the container and ends with it. @returns stops it */
export function probeContainer(spec: ProbedSpec, target: ProbeTarget, results: ProbeResults): () => void {
  const { startupProbe, readinessProbe, livenessProbe } = spec
  const stops: (() => void)[] = []
  const stop = (): void => {
    for (const one of stops.splice(0)) one()
  }
  const onceStarted = (): void => {
    results.onStarted()
    if (readinessProbe === undefined) results.onReady(true)
    else {
      const follow = keepProbing(readinessProbe, target, (ok, why) => {
        if (!ok) results.onUnhealthy(`Readiness probe failed: ${why}`)
        results.onReady(ok)
      })
      stops.push(follow)
    }
    if (livenessProbe !== undefined) stops.push(untilDead('Liveness', livenessProbe, () => {}))
  }
  const untilDead = (name: string, probe: Probe, onWell: () => void): (() => void) =>
    keepProbing(probe, target, (ok, why) => {
      if (ok) return onWell()
      results.onUnhealthy(`${name} probe failed: ${why}; the container will be restarted`)
      stop()
      results.onDead()
    })
  if (startupProbe === undefined) onceStarted()
  else {
    const startup = untilDead('Startup', startupProbe, () => {
      stop()
      onceStarted()
    })
    stops.push(startup)
  }
  return stop
}
