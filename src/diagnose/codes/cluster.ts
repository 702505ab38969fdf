import type { CodeEntry } from '../catalogue.ts'

/** RC-C-1xx: the cluster as a client sees it: kubeconfig, API server, permissions, installation. */
export const CLUSTER_CODES = {
  'RC-C-101': { kind: 'environment', exit: 69, title: 'The API server does not answer' },
} as const satisfies Record<string, CodeEntry>
