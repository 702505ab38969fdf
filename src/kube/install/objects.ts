/** Everything that an installation consists of, in the order in which it is applied; the signing key is apart. */
import type { KubeObject } from '../resources.ts'
import { configMap, serviceAccounts } from './accounts.ts'
import { definitions } from './definitions.ts'
import type { InstallOptions } from './options.ts'
import { outside } from './outside.ts'
import { permissions } from './permissions.ts'
import { policies } from './policies.ts'
import { processes } from './processes.ts'

export interface ObjectGroup {
  /** For people: what these objects are. */
  title: string
  objects: KubeObject[]
  /** Objects of installations with other options: taken away. */
  unwanted?: KubeObject[]
  /** Left out, with the reason, where the API server does not know the kind: what does not hold there, for people. */
  without?: string
}

const UNENFORCED =
  'nobody is held to his own name and rights: whoever may create Intercepts may do it in the name of others, and take or copy all requests without the verbs intercept-all and wiretap. ' +
  'Kubernetes has such policies from 1.30 on.'

/** Groups of objects, without namespace and signing key. */
export function installation(options: InstallOptions): ObjectGroup[] {
  const running = processes(options)
  return [
    { title: 'resource definitions', objects: definitions() },
    { title: 'accounts', objects: [configMap(options), ...serviceAccounts(options.namespace)] },
    { title: 'permissions', objects: permissions(options) },
    { title: 'admission policies', objects: policies(options), without: UNENFORCED },
    { title: 'managers and dialers', objects: running.filter(({ kind }) => kind !== 'PodDisruptionBudget') },
    exposure(options),
    {
      title: 'budgets',
      objects: running.filter(({ kind }) => kind === 'PodDisruptionBudget'),
      without: 'draining nodes may take all managers away at once.',
    },
  ]
}

function exposure(options: InstallOptions): ObjectGroup {
  const title = 'way in from outside'
  const service = outside(options)
  return options.expose === undefined ? { title, objects: [], unwanted: [service] } : { title, objects: [service] }
}
