/** A way to the API server of its own, for one laptop: it can be cut, and can swallow what is sent. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'

interface Kubeconfig {
  clusters: { name: string; cluster: { server: string; 'tls-server-name'?: string } }[]
  contexts: { name: string; context: { cluster: string } }[]
  'current-context': string
}

export class Way {
  /** A kubeconfig by which clients go this way. */
  readonly kubeconfig: string
  readonly #folder: string
  readonly #server: Server
  readonly #sockets: Set<Socket>
  readonly #port: number
  #state: 'open' | 'cut' | 'silent' = 'open'

  private constructor(kubeconfig: string, folder: string, server: Server, sockets: Set<Socket>) {
    this.kubeconfig = kubeconfig
    this.#folder = folder
    this.#server = server
    this.#sockets = sockets
    this.#port = (server.address() as AddressInfo).port
  }

  /** To the current context's cluster of `kubeconfig`. */
  static async open(kubeconfig: string): Promise<Way> {
    const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig
    const context = config.contexts.find(({ name }) => name === config['current-context'])
    const cluster = config.clusters.find(({ name }) => name === context?.context.cluster)?.cluster
    if (cluster === undefined) throw new Error(`${kubeconfig} has no current context`)
    const { hostname, port } = new URL(cluster.server)
    const sockets = new Set<Socket>()
    let way: Way | undefined
    const server = createServer((client) => {
      sockets.add(client)
      client.on('error', () => {}).on('close', () => sockets.delete(client))
      if (way?.silent) return
      const api = connect({ host: hostname, port: Number(port || 443) })
      sockets.add(api)
      api.on('error', () => client.destroy()).on('close', () => sockets.delete(api))
      client.on('close', () => api.destroy())
      client.pipe(api).pipe(client)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cluster.server = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    cluster['tls-server-name'] ??= hostname
    const folder = mkdtempSync(join(tmpdir(), 'remocal-e2e-'))
    const path = join(folder, 'kubeconfig')
    writeFileSync(path, stringify(config), { mode: 0o600 })
    way = new Way(path, folder, server, sockets)
    return way
  }

  get silent(): boolean {
    return this.#state === 'silent'
  }

  /** Ends all connections; new ones are refused, or taken and never answered. */
  cut(how: 'cut' | 'silent'): void {
    this.#state = how
    for (const socket of this.#sockets) socket.destroy()
    if (how === 'cut') this.#server.close()
  }

  /** It leads there again. */
  async mend(): Promise<void> {
    this.#state = 'open'
    for (const socket of this.#sockets) socket.destroy()
    if (this.#server.listening) return
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  end(): void {
    this.cut('cut')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
