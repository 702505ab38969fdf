/** What is needed to answer as the app does: the keys of its certificates, and the authorities that it verifies its clients by, from its files. */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Clock } from '../../lib/clock.ts'
import type { AppFiles } from '../app-files/app-files.ts'
import type { FoundFiles } from '../app-files/search.ts'
import { authoritiesNamed } from './authorities.ts'
import { certificatePem, keyFor } from './key-for.ts'
import { NotEnded } from './not-ended.ts'
import { isClientToo } from './own-as-client.ts'
import type { ServerFlight } from './server-flight.ts'

export interface Material {
  context: SecureContext
  /** The app's certificate, as it serves it, and its key; PEM. */
  own: { cert: string; key: string }
  /** The app could take it for a client's; undefined: it asks for none. */
  isClientToo?: boolean
}

export interface MaterialsOptions {
  clock: Clock
  /** Or why there are none. */
  files: Pick<AppFiles, 'find'> | { problem: string }
}

/** Files are searched no more often. */
const SEARCH_MS = 2000
const MAX_KEPT = 32
/** Paths that are told of. */
const TOLD = 4

export class Materials {
  readonly #options: MaterialsOptions
  /** By the certificates and the names of authorities that are shown. */
  readonly #kept = new Map<string, Material>()
  #found: { at: number; paths: string; files: Promise<FoundFiles> } | undefined

  constructor(options: MaterialsOptions) {
    this.#options = options
  }

  /** @param paths that people named. Rejects with a `NotEnded`. */
  async of({ chain, authorities }: ServerFlight, paths: readonly string[]): Promise<Material> {
    const id = createHash('sha256')
      .update(Buffer.concat([...chain, ...(authorities ?? [])]))
      .digest('hex')
    const known = this.#kept.get(id)
    if (known !== undefined) return known
    const [first = Buffer.alloc(0)] = chain
    const certificate = new X509Certificate(first)
    const keyIn = ({ files }: FoundFiles): KeyObject | undefined =>
      files.map(({ pem }) => keyFor(certificate, pem)).find((one) => one !== undefined)
    const before = this.#found
    let found = await this.#files(paths)
    let key = keyIn(found)
    if (key === undefined && before !== undefined && before === this.#found) {
      // They were read a moment ago: the key may have come with its certificate since.
      await this.#forgotten(before.at)
      found = await this.#files(paths)
      key = keyIn(found)
    }
    if (key === undefined) throw new NotEnded('RC-E-330', missing(certificate, found))
    const cert = chain.map(certificatePem).join('')
    const own = { cert, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() }
    const ca = authorities && authoritiesIn(authorities, found)
    const context = createSecureContext({
      ...own,
      // Without it OpenSSL refuses clients that resume a session in which they were asked for a certificate.
      sessionIdContext: id.slice(0, 32),
      ...(ca && { ca }),
    })
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear()
    const asCertificates = (some: readonly (string | Buffer)[]): X509Certificate[] =>
      some.map((one) => new X509Certificate(one))
    const material = {
      context,
      own,
      ...(ca && { isClientToo: isClientToo(asCertificates(chain), asCertificates(ca)) }),
    }
    this.#kept.set(id, material)
    return material
  }

  /** Resolves when files that were read then may be read again. */
  #forgotten(at: number): Promise<void> {
    const { clock } = this.#options
    return new Promise((resolve) => void clock.after(Math.max(0, at + SEARCH_MS - clock.now()), resolve))
  }

  async #files(paths: readonly string[]): Promise<FoundFiles> {
    const { files, clock } = this.#options
    if ('problem' in files) throw unreadable(files.problem)
    const asked = JSON.stringify(paths)
    const at = clock.now()
    if (this.#found === undefined || this.#found.paths !== asked || at - this.#found.at >= SEARCH_MS) {
      this.#found = { at, paths: asked, files: files.find(paths, true) }
      // Keys that fit nothing do not stay in memory.
      clock.after(SEARCH_MS, () => {
        if (this.#found?.at === at) this.#found = undefined
      })
    }
    try {
      return await this.#found.files
    } catch (error) {
      throw unreadable((error as Error).message)
    }
  }
}

function unreadable(why: string): NotEnded {
  return new NotEnded('RC-E-331', `the app's files cannot be read: ${why}`)
}

/** What the app verifies its clients by. Without it nobody could tell here whom it would refuse. */
function authoritiesIn(names: readonly Buffer[], { files, left }: FoundFiles): string[] {
  const pems = files.map(({ pem }) => pem)
  const found = authoritiesNamed(names, pems)
  if (found.length > 0) return found
  const why =
    names.length === 0
      ? 'it does not say by which authorities'
      : `those authorities' certificates are not among the pod's files${left > 0 ? `; ${tooMany(left)}` : ''}`
  throw new NotEnded('RC-E-335', `the app verifies its clients' certificates, and ${why}`)
}

/** What was looked for and what was found instead. */
function missing(certificate: X509Certificate, { files, unreadable: refused, left }: FoundFiles): string {
  const name = certificate.subject.replaceAll('\n', ', ') || certificate.serialNumber
  const told = (paths: string[]): string => paths.slice(0, TOLD).join(', ')
  const keys = files.filter(({ pem }) => pem.includes('PRIVATE KEY')).map(({ path }) => path)
  const sealed = files.filter(({ pem }) => pem.includes('BEGIN ENCRYPTED')).map(({ path }) => path)
  const parts = [
    `the private key of the certificate that the app serves (${name}) was not found in the pod's files`,
    ...(keys.length > sealed.length ? [`keys that do not fit: ${told(keys)}`] : []),
    ...(sealed.length > 0 ? [`with a passphrase: ${told(sealed)}`] : []),
    ...(refused.length > 0 ? [`not readable: ${told(refused.map(({ path, why }) => `${path} (${why})`))}`] : []),
    ...(left > 0 ? [tooMany(left)] : []),
  ]
  return parts.join('; ')
}

function tooMany(left: number): string {
  return `there are too many files to look at all, and ${left} or more were left out: name them with --tls-cert and --tls-key`
}
