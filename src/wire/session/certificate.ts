/** X.509 certificates (RFC 5280) over Ed25519 keys (RFC 8410): no extensions, no dates that matter; keys are pinned. */
import { type KeyObject, randomBytes, sign } from 'node:crypto'
import { bitString, explicit, integer, objectId, sequence, setOf, time, utf8 } from './der.ts'

const ED25519 = sequence(objectId('1.3.101.112'))
const COMMON_NAME = objectId('2.5.4.3')
const VERSION_3 = explicit(0, integer(Buffer.of(2)))
/** RFC 5280 §4.1.2.5: the value that means "no end". Trust ends with the key in the Kubernetes object, not with a date. */
const VALIDITY = sequence(time('19700101000000Z'), time('99991231235959Z'))

/**
 * Writes a certificate.
 * @param issuer whose key signs it; its name is only for people
 * @returns DER
 */
export function writeCertificate(
  subject: string,
  publicKey: KeyObject,
  issuer: { name: string; privateKey: KeyObject },
): Buffer {
  const serial = randomBytes(16)
  serial.writeUInt8(serial.readUInt8(0) & 0x7f || 1, 0)
  const body = sequence(
    VERSION_3,
    integer(serial),
    ED25519,
    nameOf(issuer.name),
    VALIDITY,
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  return sequence(body, ED25519, bitString(sign(null, body, issuer.privateKey)))
}

function nameOf(commonName: string): Buffer {
  return sequence(setOf(sequence(COMMON_NAME, utf8(commonName))))
}
