/** What the objects of an installation depend on. */
export interface InstallOptions {
  /** Image of managers, dialers and agents: `remocal:dev`. */
  image: string
  namespace: string
  /** Pods of the StatefulSet. */
  replicas: number
  /** Version of the program that installs. */
  version: string
  /** The installation's public key, base64 SPKI. */
  publicKey: string
  /** How daemons reach managers without the API server; undefined: not at all. */
  expose?: Expose | undefined
}

export const EXPOSE = ['NodePort', 'LoadBalancer'] as const
export type Expose = (typeof EXPOSE)[number]

/** The labels of every object of an installation. */
export const LABELS = { 'app.kubernetes.io/part-of': 'remocal', 'app.kubernetes.io/managed-by': 'remocal' } as const
