/** The installation's signing key: made once, kept for as long as the installation lives. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { INSTALLATION, type KubeObject } from '../resources.ts'
import { LABELS } from './options.ts'

export interface KeySecret extends KubeObject {
  type: 'Opaque'
  /** Base64 of the PEM (PKCS8). */
  data: { privateKey: string }
}

/** A Secret with a new Ed25519 key. */
export function newSigningKey(namespace: string): KeySecret {
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: INSTALLATION.secret, namespace, labels: { ...LABELS } },
    type: 'Opaque',
    data: { privateKey: Buffer.from(pem).toString('base64') },
  }
}

/** Base64 SPKI of the public half: what daemons and agents are told. */
export function publicKeyOf(secret: KeySecret): string {
  const key = createPrivateKey(Buffer.from(secret.data.privateKey, 'base64').toString('utf8'))
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64')
}
