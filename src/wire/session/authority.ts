/** An authority of one's own: ECDSA P-256 certificates (RFC 5280, RFC 5758), as the sandbox and tests need them. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { bitString, der, explicit, integer, objectId, sequence, setOf, time, utf8 } from './der.ts'

export interface Certificate {
  /** PEM. */
  cert: string
  key: string
  privateKey: KeyObject
  name: Buffer
}

const ECDSA_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'))
const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'
const TRUE = Buffer.of(0x01, 0x01, 0xff)
const VALIDITY = sequence(time('20200101000000Z'), time('99991231235959Z'))
const VERSION_3 = explicit(0, integer(Buffer.of(2)))

/** A self-signed authority. */
export function createAuthority(commonName: string): Certificate {
  const basic = extension('2.5.29.19', sequence(TRUE), true)
  const usage = extension('2.5.29.15', der(0x03, Buffer.of(1, 0x06)), true)
  return write({ name: nameOf(commonName, []), extensions: [basic, usage] })
}

/** A certificate for a server (`hosts`: names and addresses) or a user (`groups` are its organizations). */
export function createCertificate(
  authority: Certificate,
  commonName: string,
  { groups = [], hosts = [] }: { groups?: string[]; hosts?: string[] },
): Certificate {
  const extensions = hosts.length === 0 ? [] : [extension('2.5.29.17', sequence(...hosts.map(alternative)), false)]
  return write({ name: nameOf(commonName, groups), extensions, authority })
}

function write({
  name,
  extensions,
  authority,
}: {
  name: Buffer
  extensions: Buffer[]
  authority?: Certificate
}): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const serial = randomBytes(16)
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 1, 0)
  const body = sequence(
    VERSION_3,
    integer(serial),
    ECDSA_SHA256,
    authority?.name ?? name,
    VALIDITY,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [explicit(3, sequence(...extensions))]),
  )
  const signature = sign('sha256', body, authority?.privateKey ?? privateKey)
  const bytes = sequence(body, ECDSA_SHA256, bitString(signature))
  const lines = bytes
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    privateKey,
    name,
  }
}

function nameOf(commonName: string, organizations: string[]): Buffer {
  const part = (id: string, text: string): Buffer => setOf(sequence(objectId(id), utf8(text)))
  return sequence(...organizations.map((one) => part(ORGANIZATION, one)), part(COMMON_NAME, commonName))
}

function extension(id: string, value: Buffer, critical: boolean): Buffer {
  return sequence(objectId(id), ...(critical ? [TRUE] : []), der(0x04, value))
}

/** GeneralName: dNSName or iPAddress (IPv4). */
function alternative(host: string): Buffer {
  if (isIP(host) === 4) return der(0x87, Buffer.from(host.split('.').map(Number)))
  return der(0x82, Buffer.from(host))
}
