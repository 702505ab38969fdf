/** An app that speaks TLS with its files, the agent before it, and a laptop that speaks plain text. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endsWithUs } from '../peers/children.ts'
import { builtGo } from '../peers/servers/built.ts'
import { startNginx } from '../peers/servers/nginx.ts'
import { type Started, started } from '../peers/started.ts'

export interface Kind {
  server: 'nginx' | 'Go'
  key: 'rsa' | 'ecdsa'
  version: '1.2' | '1.3'
  /** It asks its clients for certificates. */
  verifies: boolean
}

export class Place {
  readonly kind: Kind
  /** All certificates: `go/certificates.go`. */
  readonly keys: string
  /** What the app's pod has as a volume. */
  readonly #volume: string
  readonly #laptops: Server[]
  #app: Started | undefined
  #agent: Agent | undefined

  private constructor(kind: Kind) {
    this.kind = kind
    this.keys = mkdtempSync(join(tmpdir(), 'remocal-tls-'))
    this.#volume = mkdtempSync(join(tmpdir(), 'remocal-tls-'))
    const body = (method = '', url = '', length: number): string => `laptop ${method} ${url} ${length}\n`
    this.#laptops = [
      http.createServer(async (request, response) =>
        response.end(body(request.method, request.url, Buffer.concat(await request.toArray()).length)),
      ),
      http2.createServer(async (request, response) =>
        response.end(body(request.method, request.url, Buffer.concat(await request.toArray()).length)),
      ),
    ]
  }

  static async start(kind: Kind): Promise<Place> {
    const place = new Place(kind)
    try {
      await place.#start()
    } catch (error) {
      await place.close()
      throw error
    }
    return place
  }

  get port(): number {
    return this.#agent?.port ?? 0
  }

  /** What the agent found out about the app's TLS last. */
  get said(): string {
    return this.#agent?.said() ?? ''
  }

  /** The app serves the renewed certificate from now on, for new connections. */
  renew(): void {
    this.#give('-renewed')
  }

  async close(): Promise<void> {
    await this.#agent?.close()
    await this.#app?.close()
    for (const laptop of this.#laptops) laptop.close()
    for (const folder of [this.keys, this.#volume]) rmSync(folder, { recursive: true })
  }

  async #start(): Promise<void> {
    execFileSync(builtGo('tlscertificates'), [this.keys])
    copyFileSync(join(this.keys, 'ca.crt'), join(this.#volume, 'ca.crt'))
    this.#give('')
    const ports: number[] = []
    for (const laptop of this.#laptops) {
      laptop.listen(0, '127.0.0.1')
      await once(laptop, 'listening')
      ports.push((laptop.address() as AddressInfo).port)
    }
    this.#app = await (this.kind.server === 'nginx' ? this.#nginx() : this.#go())
    this.#agent = await agentBefore(this.#app, this.#volume, ports)
  }

  /** As a volume's files change: at once. */
  #give(which: string): void {
    for (const end of ['key', 'crt']) {
      const to = join(this.#volume, `tls.${end}`)
      copyFileSync(join(this.keys, `${this.kind.key}${which}.${end}`), `${to}.new`)
      renameSync(`${to}.new`, to)
    }
  }

  /** Its command line names no certificate: they are found in the volume. Where names have variables, files are read for each connection. */
  #nginx(): Promise<Started> {
    const { version, verifies } = this.kind
    const file = (name: string): string => join(this.#volume, name)
    const clients = verifies
      ? `ssl_client_certificate ${file('ca.crt')}; ssl_verify_client on; ssl_verify_depth 3;`
      : ''
    return startNginx(
      (port) => `map "" $which { default tls; }
map $content_length $length { "" 0; default $content_length; }
server {
  listen 127.0.0.1:${port} ssl http2;
  ssl_certificate ${file('$which.crt')};
  ssl_certificate_key ${file('$which.key')};
  ssl_protocols TLSv${version};
  ${clients}
  location / { return 200 "app $request_method $uri $length\\n"; }
}`,
    )
  }

  /** Its command line names them. */
  #go(): Promise<Started> {
    const { version, verifies } = this.kind
    const command = builtGo('tlsserver')
    const files = ['tls.crt', 'tls.key', ...(verifies ? ['ca.crt'] : [])].map((name) => join(this.#volume, name))
    return started((port) => ({ command, args: [String(port), version, ...files] }))
  }
}

interface Agent {
  port: number
  /** What it found out about the app's TLS. */
  said(): string
  close(): Promise<void>
}

async function agentBefore(app: Started, volume: string, laptops: number[]): Promise<Agent> {
  const program = join(import.meta.dirname, 'agent-process.ts')
  const args = [app.port, app.pid, volume, ...laptops].map(String)
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  endsWithUs(child)
  const over = once(child, 'exit')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000)
  })
  const [bytes] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    port: Number(bytes.toString()),
    said: () => said,
    async close() {
      child.kill('SIGKILL')
      await over
    },
  }
}
