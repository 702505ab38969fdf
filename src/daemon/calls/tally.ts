import { fault } from '../../diagnose/catalogue.ts'
import type { Target, WiretapCounts } from '../../lib/daemon-api.ts'
import { Copies } from '../copies/copies.ts'
import type { CallContext } from './context.ts'

/** What became of a wiretap's copies so far. Throws RC-I-209 when there is none of that name. */
export function tally({ clusters }: CallContext, { target, name }: { target: Target; name: string }): WiretapCounts {
  const { attachments = [] } = clusters.find(target) ?? {}
  for (const { name: other, taker } of attachments) {
    if (other === name && taker instanceof Copies) return taker.counts
  }
  throw fault('RC-I-209', `There is no wiretap ${name}.`, ['remocal status'])
}
