import type { InterceptRequest, InterceptResult } from '../../lib/daemon-api.ts'
import { Deliveries } from '../attachment/deliveries.ts'
import { attach, type Kind } from './attach.ts'
import type { CallContext, Holding, Teller } from './context.ts'

/** Who answers what nobody here answers: the app, or the agent with an error that names RC-E-311. */
const UNHEARD: Record<'app' | 'error', Pick<Kind, 'unheard' | 'unused'>> = {
  app: {
    unheard: (what) => `RC-E-311: a request came, but ${what}: it went to the app`,
    unused: (what) => `RC-E-311: ${what}; until something does, these requests go to the app`,
  },
  error: {
    unheard: (what) => `RC-E-311: a request came, but ${what}: it was answered with 503`,
    unused: (what) => `RC-E-311: ${what}; until something does, these requests are answered with 503`,
  },
}

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
    ...UNHEARD[ifDown],
  }
  const { result, ...held } = await attach(context, request, kind, signal, tell)
  return { ...held, result: { ...result, ifDown }, ...(!request.command && { stays: result.name }) }
}
