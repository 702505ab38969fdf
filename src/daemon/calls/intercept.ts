import type { InterceptRequest, InterceptResult } from '../../lib/daemon-api.ts'
import { Deliveries } from '../attachment/deliveries.ts'
import { attach, type Kind } from './attach.ts'
import type { CallContext, Holding, Teller } from './context.ts'
import { unheardBy } from './unheard.ts'

export async function intercept(
  context: CallContext,
  request: InterceptRequest,
  signal: AbortSignal,
  tell: Teller,
): Promise<Holding<InterceptResult>> {
  const { priority = 0, ifDown = 'app' } = request
  const kind: Kind = {
    // The default is not said: installations of before need not know the field.
    spec: { mode: 'intercept', priority, ...(ifDown !== 'app' && { ifDown }) },
    taker: (program) => new Deliveries(program),
    ...unheardBy(request.filter, ifDown),
  }
  const { result, ...held } = await attach(context, request, kind, signal, tell)
  return { ...held, result: { ...result, ifDown }, ...(!request.command && { stays: result.name }) }
}
