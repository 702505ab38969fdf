/** Which private key belongs to a certificate. */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'

const KEY = /-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----[\s\S]+?-----END \1-----/g

/** @returns the key of a PEM text whose public half the certificate carries, or undefined */
export function keyFor(certificate: X509Certificate, pem: string): KeyObject | undefined {
  const wanted = spki(certificate.publicKey)
  for (const [block] of pem.matchAll(KEY)) {
    const key = readKey(block)
    if (key !== undefined && spki(createPublicKey(key)).equals(wanted)) return key
  }
  return undefined
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

function readKey(block: string): KeyObject | undefined {
  try {
    return createPrivateKey(block)
  } catch {
    return undefined
  }
}

/** DER as PEM. */
export function certificatePem(der: Buffer): string {
  return new X509Certificate(der).toString()
}
