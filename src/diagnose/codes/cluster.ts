import type { CodeEntry } from '../catalogue.ts'

/** RC-C-1xx: the cluster as a client sees it: kubeconfig, API server, permissions, installation. */
export const CLUSTER_CODES = {
  'RC-C-101': { kind: 'environment', exit: 69, title: 'The API server does not answer' },
  'RC-C-102': { kind: 'user', exit: 65, title: 'The kubeconfig is missing or not understood' },
  'RC-C-103': { kind: 'user', exit: 64, title: 'The context does not exist' },
  'RC-C-104': { kind: 'user', exit: 64, title: 'The kubeconfig has no current context' },
  'RC-C-105': { kind: 'environment', exit: 69, title: 'The kubeconfig gave no credentials' },
  'RC-C-106': { kind: 'environment', exit: 69, title: "The API server's certificate is not trusted" },
  'RC-C-110': { kind: 'environment', exit: 77, title: 'The API server does not accept your credentials' },
  'RC-C-111': { kind: 'bug', exit: 1, title: 'The API server does not take the object' },
  'RC-C-112': { kind: 'environment', exit: 69, title: 'The API server has forgotten that version' },
  'RC-C-114': { kind: 'environment', exit: 77, title: 'You may not do that in this cluster' },
  'RC-C-115': { kind: 'environment', exit: 69, title: 'The object does not exist' },
  'RC-C-116': { kind: 'environment', exit: 75, title: 'The object was changed by somebody else' },
  'RC-C-117': { kind: 'environment', exit: 75, title: 'The object exists already' },
  'RC-C-118': { kind: 'environment', exit: 77, title: 'An admission policy refused the request' },
  'RC-C-119': { kind: 'environment', exit: 69, title: 'The API server failed' },
  'RC-C-120': { kind: 'environment', exit: 69, title: 'Remocal is not installed in the cluster' },
  'RC-C-121': { kind: 'environment', exit: 69, title: 'No manager answers' },
  'RC-C-122': { kind: 'environment', exit: 69, title: 'The connection to the cluster was lost' },
  'RC-C-123': { kind: 'environment', exit: 69, title: 'The port could not be forwarded' },
  'RC-C-130': { kind: 'environment', exit: 75, title: 'The installation did not become ready' },
  'RC-C-131': { kind: 'environment', exit: 75, title: 'The uninstallation did not end' },
} as const satisfies Record<string, CodeEntry>
