/** Certificates of authorities by the names that a server gives of them. */

const SEQUENCE = 0x30
const VERSION = 0xa0

/** Of PEM texts, the certificates whose subject is one of these names (DER), as PEM. */
export function authoritiesNamed(names: readonly Buffer[], pems: readonly string[]): string[] {
  const wanted = new Set(names.map((name) => name.toString('hex')))
  const found = new Set<string>()
  for (const pem of pems) {
    for (const [block, content = ''] of pem.matchAll(CERTIFICATE)) {
      const subject = subjectOf(Buffer.from(content, 'base64'))
      if (subject !== undefined && wanted.has(subject.toString('hex'))) found.add(block)
    }
  }
  return [...found]
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([\s\S]+?)-----END CERTIFICATE-----/g

/** The subject of a certificate, DER (RFC 5280 §4.1); undefined when it is none. */
export function subjectOf(certificate: Buffer): Buffer | undefined {
  const whole = read(certificate, 0)
  const content = whole && read(certificate, whole.from)
  let at = content?.from
  // Version, serial number, signature, issuer, validity; then the subject.
  for (let skipped = 0; at !== undefined && skipped < 5; skipped++) {
    const field = read(certificate, at)
    // The version may be missing.
    if (skipped === 0 && field?.tag !== VERSION) skipped++
    at = field?.end
  }
  const subject = at === undefined ? undefined : read(certificate, at)
  return subject?.tag === SEQUENCE && at !== undefined ? certificate.subarray(at, subject.end) : undefined
}

/** One value in DER (ITU-T X.690): where its content begins and ends. */
function read(bytes: Buffer, at: number): { tag: number; from: number; end: number } | undefined {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined) return undefined
  const width = first < 0x80 ? 0 : first & 0x7f
  if (width > 3 || at + 2 + width > bytes.length) return undefined
  const length = width === 0 ? first : bytes.readUIntBE(at + 2, width)
  const from = at + 2 + width
  return from + length > bytes.length ? undefined : { tag, from, end: from + length }
}
