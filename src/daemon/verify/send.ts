/** The marked request, within a time, and what is said when it cannot be sent. */
import { fault } from '../../diagnose/catalogue.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Fault } from '../../lib/fault.ts'
import { type AskOptions, ask, knock } from './ask.ts'

/** An answer is waited for so long. */
const ANSWER_MS = 30_000

interface TlsError extends NodeJS.ErrnoException {
  reason?: string
}

export type Asking = Omit<AskOptions, 'signal' | 'onSent'>

/** By the clock's time, and the answer's status or why there was none. */
export type Asked = { sentAt: number } & ({ status: number } | { unanswered: string })

/** Rejects with RC-I-213 when nobody takes connections there: before anything was done for it. */
export async function checkReach(asking: Asking, signal: AbortSignal): Promise<void> {
  try {
    await knock({ ...asking, signal })
  } catch (error) {
    signal.throwIfAborted()
    throw notAsked(asking, error as Error)
  }
}

/** Rejects with RC-I-213 when it could not be sent, and with the signal's reason. */
export async function send(asking: Asking, clock: Clock, signal: AbortSignal): Promise<Asked> {
  const late = new AbortController()
  const timer = clock.after(ANSWER_MS, () => late.abort(new Error(`no answer within ${ANSWER_MS / 1000} s`)))
  let sentAt: number | undefined
  const onSent = (): void => {
    sentAt = clock.now()
  }
  try {
    const status = await ask({ ...asking, signal: AbortSignal.any([signal, late.signal]), onSent })
    return { sentAt: sentAt ?? clock.now(), status }
  } catch (error) {
    signal.throwIfAborted()
    const why = late.signal.aborted ? (late.signal.reason as Error) : (error as Error)
    if (sentAt !== undefined) return { sentAt, unanswered: why.message }
    throw notAsked(asking, why)
  } finally {
    timer.cancel()
  }
}

function notAsked({ url, namespace }: Asking, why: Error): Fault {
  const { code = '', reason } = why as TlsError
  // OpenSSL's own words are long; Node adds what to do about its options.
  const text = reason ?? why.message.replace(/;.*$/s, '')
  const isUntrusted = /CERT|ISSUER|ALTNAME/.test(code)
  return fault(
    'RC-I-213',
    `Cannot ask ${url.href} from inside the cluster: ${text}. Nothing was changed.`,
    [isUntrusted ? 'take any certificate: --insecure' : `remocal run -n ${namespace} -- curl -v ${url.href}`],
    why,
  )
}
