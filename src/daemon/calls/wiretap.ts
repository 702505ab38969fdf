import { fault } from '../../diagnose/catalogue.ts'
import type { DifferenceEvent, WiretapRequest, WiretapResult } from '../../lib/daemon-api.ts'
import { type Ignored, ignoring } from '../../lib/diff/ignored.ts'
import { Copies } from '../copies/copies.ts'
import { attach, type Kind } from './attach.ts'
import type { CallContext, Holding, Teller } from './context.ts'

export async function wiretap(
  context: CallContext,
  request: WiretapRequest,
  signal: AbortSignal,
  tell: Teller,
): Promise<Holding<WiretapResult>> {
  const { percent, maxRps, diff, command } = request
  const share = { percent, diff, ...(maxRps !== undefined && { maxRps }) }
  const ignored = diff ? ignoredOf(request.ignore) : undefined
  const said: { copies?: Copies } = {}
  const kind: Kind = {
    spec: { mode: 'wiretap', priority: 0, wiretap: share },
    taker(program, { clock, logger }) {
      const onDifference = (event: DifferenceEvent): boolean => tell.event({ kind: 'difference', ...event })
      said.copies = new Copies({ program, clock, logger, ignored, onDifference })
      return said.copies
    },
    unheard: (what) => `a copy came, but ${what}: it was dropped`,
    unused: (what) => `${what}; until something does, copies are dropped`,
  }
  const { result, ...held } = await attach(context, request, kind, signal, tell)
  // Who waits for its end can ask no more when it is over.
  const lost = held.lost.then((reason) => {
    tell.event({ kind: 'counts', ...said.copies?.counts })
    return reason
  })
  return { ...held, lost, result: { ...result, ...share }, ...(!command && !diff && { stays: result.name }) }
}

/** Throws RC-U-101. */
function ignoredOf(fields: string[]): Ignored {
  const known = ignoring(fields)
  if (!('wrong' in known)) return known
  throw fault('RC-U-101', `"${known.wrong}" is neither a header's name nor a JSON path such as $.items[*].id.`, [
    'remocal wiretap --help',
  ])
}
