/** What the certificate of the far end proves. */
import { createPublicKey, type X509Certificate } from 'node:crypto'
import type { PeerKey } from './contract.ts'
import { publicKeyText } from './identity.ts'

export function peerKeyOf(certificate: X509Certificate): PeerKey {
  return {
    publicKey: publicKeyText(certificate.publicKey),
    subject: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
    signedBy(installationKey) {
      const key = createPublicKey({ key: Buffer.from(installationKey, 'base64'), type: 'spki', format: 'der' })
      return certificate.verify(key)
    },
  }
}
