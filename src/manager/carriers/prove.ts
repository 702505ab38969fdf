/** Whose key a carrier showed: what Kubernetes itself says about it. Every function gives why not, or undefined when it holds. */
import type { KubeClient } from '../../kube/client.ts'
import { INSTALLATION, type Session } from '../../kube/resources.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Hello } from '../../wire/messages/hello.ts'
import type { Pod } from '../kinds.ts'
import { PREFIX } from '../reconcile/agent-container.ts'

/** A log that was just begun may not be readable yet. */
const LOG_LIMIT_MS = 5000
const LOG_PAUSE_MS = 50
const LONGEST_LOG_PAUSE_MS = 500
const LOG_BYTES = 4096

export interface ProofSource {
  client: Pick<KubeClient, 'find' | 'log'>
  clock: Clock
  namespace: string
  image: string
  installationKey: string
  /** Waits a moment for a Session object that was just made. */
  session(name: string): Promise<Session | undefined>
}

/** Rejects with the API server's fault, or with the signal's reason. */
export async function prove(
  source: ProofSource,
  end: Hello['end'],
  publicKey: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (end.role === 'daemon') {
    const session = await source.session(end.session)
    if (session === undefined) return `there is no Session ${end.session}`
    return session.spec.publicKey === publicKey ? undefined : 'the key is not the one of the Session'
  }
  if (end.role === 'dialer') return proveDialer(source, end, publicKey, signal)
  if (end.role === 'agent') return proveAgent(source, end, publicKey, signal)
  return 'managers have no carrier to each other'
}

async function proveAgent(
  source: ProofSource,
  { namespace, pod: name, podUid, container }: Extract<Hello['end'], { role: 'agent' }>,
  publicKey: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const pod = await source.client.find<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, name }, { signal })
  if (pod === undefined || pod.metadata.uid !== podUid) return `there is no pod ${namespace}/${name} with that uid`
  const spec = pod.spec.ephemeralContainers?.find((one) => one.name === container)
  // What a manager wrote, and nobody else could have: the installation's image, its key, this very pod.
  const args = spec?.args ?? []
  const ours =
    container.startsWith(PREFIX) &&
    spec?.image === source.image &&
    args[0] === 'agent' &&
    argumentOf(args, '--pod-uid') === podUid &&
    argumentOf(args, '--installation-key') === source.installationKey
  if (!ours) return `container ${container} of pod ${namespace}/${name} is not an agent of this installation`
  return proveLog(source, { namespace, name, container }, publicKey, signal)
}

async function proveDialer(
  source: ProofSource,
  { pod: name, podUid }: Extract<Hello['end'], { role: 'dialer' }>,
  publicKey: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { namespace } = source
  const pod = await source.client.find<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, name }, { signal })
  const ours = pod?.metadata.uid === podUid && pod.metadata.labels?.['app.kubernetes.io/name'] === INSTALLATION.dialer
  if (!ours) return `pod ${name} is not a dialer of this installation`
  return proveLog(source, { namespace, name, container: 'dialer' }, publicKey, signal)
}

/** The container printed its public key: its log is what Kubernetes says about it. A restarted one appends to a new log. */
async function proveLog(
  { client, clock }: ProofSource,
  where: { namespace: string; name: string; container: string },
  publicKey: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const endsAt = clock.now() + LOG_LIMIT_MS
  for (let pauseMs = LOG_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_LOG_PAUSE_MS)) {
    const log = await client.log({ ...where, limitBytes: LOG_BYTES }, { signal }).catch(() => '')
    signal.throwIfAborted()
    if (log.split('\n').includes(publicKey)) return undefined
    if (clock.now() > endsAt) return `the key is not the one that ${where.name}/${where.container} printed`
    await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
  }
}

function argumentOf(args: string[], flag: string): string | undefined {
  const at = args.indexOf(flag)
  return at < 0 ? undefined : args[at + 1]
}
