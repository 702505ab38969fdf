/** The object that stands for an attachment in the cluster. */
import { fault } from '../../diagnose/catalogue.ts'
import { GROUP, type Intercept, VERSION } from '../../kube/resources.ts'
import type { Fault } from '../../lib/fault.ts'
import { shortName } from '../workload.ts'

/** Fields as people know them. */
const WORDS: Partial<Record<keyof Spec, string>> = {
  ifDown: '--if-down',
  wiretap: 'wiretaps',
  watch: 'watches',
  reopen: '--reopen',
  tls: '--tls-cert, --tls-key and --plaintext',
}

type Spec = Intercept['spec']

const MODES = { intercept: 'intercepts', wiretap: 'wiretaps', watch: 'watches' }

export type NewIntercept = Pick<Intercept, 'apiVersion' | 'kind' | 'metadata' | 'spec'>

export function interceptObject(namespace: string, name: string, spec: Spec): NewIntercept {
  return { apiVersion: `${GROUP}/${VERSION}`, kind: 'Intercept', metadata: { name, namespace }, spec }
}

/**
 * What an older installation's definition does not know, the API server leaves out without a word, or refuses as a value that it does not know: both are
 * told as what they are.
 * @returns RC-I-211 when `kept` is less than was asked for
 */
export function notKept(asked: Spec, kept: Spec): Fault | undefined {
  const missing = (Object.keys(asked) as (keyof Spec)[]).filter(
    (key) => isDemanded(asked, key) && kept[key] === undefined,
  )
  return missing.length === 0 ? undefined : outdated(asked, missing.map((key) => WORDS[key] ?? key).join(', '))
}

/** That an attachment may look into TLS is wished for without having been asked for. */
function isDemanded(asked: Spec, key: keyof Spec): boolean {
  return key === 'tls' ? Object.keys(asked.tls ?? {}).length > 0 : asked[key] !== undefined
}

/** RC-I-211 when that is why the object was refused, else the error itself. */
export function refusedAs(asked: Spec, error: unknown): unknown {
  const { code, message } = error as Fault
  return code === 'RC-C-111' && /spec\.mode\b/.test(message) ? outdated(asked, MODES[asked.mode], error) : error
}

function outdated({ mode, workload }: Spec, what: string, cause?: unknown): Fault {
  return fault(
    'RC-I-211',
    `Cannot ${mode} ${shortName(workload)}: the installation in the cluster is of an older version that does not know ${what}. Nothing was changed.`,
    ['ask who installed it: remocal install --image IMAGE'],
    cause,
  )
}
