/** Key pairs of ends, and the installation's key that signs those of the managers. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeCertificate } from './certificate.ts'
import type { Identity } from './contract.ts'

/** The installation's signing key, as the managers have it. */
export interface Issuer {
  readonly privateKey: KeyObject
}

/**
 * A fresh Ed25519 key pair with a certificate for `subject` (≤ 64 characters, as X.509 bounds a common name): signed by
 * `issuer`, or by itself. Daemons and agents sign their own: what counts is the key that Kubernetes vouches for.
 */
export function createIdentity({ subject, issuer }: { subject: string; issuer?: Issuer }): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const name = subject.slice(0, 64)
  const signer = issuer === undefined ? { name, privateKey } : { name: 'remocal', privateKey: issuer.privateKey }
  return { privateKey, publicKey: publicKeyText(publicKey), certificate: writeCertificate(name, publicKey, signer) }
}

/** Reads an installation's private key: PKCS8, PEM. Throws when it is none. */
export function readIssuer(pem: string): Issuer {
  return { privateKey: createPrivateKey(pem) }
}

/** Base64 of SPKI DER, for a private or a public key. */
export function publicKeyText(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
}
