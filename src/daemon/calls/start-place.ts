import { fault } from '../../diagnose/catalogue.ts'
import type { Fault } from '../../lib/fault.ts'
import type { Cluster } from '../cluster.ts'
import { Place } from '../place.ts'
import type { CallContext } from './context.ts'

/** A network for one program. @param lost told when it has ended, whoever ended it */
export function startPlace(
  { entry, newFolder }: CallContext,
  cluster: Cluster,
  namespace: string,
  signal: AbortSignal,
  lost: (reason: Fault) => void,
): Promise<Place> {
  const { clock, logger, dialer } = cluster
  return Place.start({
    entry,
    folder: newFolder(),
    namespace,
    dialer,
    clock,
    logger,
    signal,
    onExit: () => lost(fault('RC-L-106', "The program's network has ended.")),
  })
}
