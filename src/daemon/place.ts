/** The network of one program: what it connects to and asks for goes to the cluster. */
import { connect, type Socket } from 'node:net'
import type { RunPlace } from '../lib/daemon-api.ts'
import type { Logger } from '../lib/logger.ts'
import { spliceSocket } from '../wire/carrier/splice-socket.ts'
import { StreamRefused } from '../wire/session/refused.ts'
import { answerTcp, answerUdp } from './answer-names.ts'
import type { DialerLink } from './dialer-link.ts'
import { FirstBytes } from './first-bytes.ts'
import { listeningPorts, listensHere, tablesOf } from './listens-here.ts'
import { originalDestination } from './original-destination.ts'
import { Runner, type RunnerStart } from './runner.ts'

export interface PlaceOptions extends Omit<RunnerStart, 'handlers' | 'search'> {
  namespace: string
  dialer: DialerLink
  /** The place is gone, whoever ended it. */
  onExit(): void
}

export class Place {
  readonly #runner: Runner
  /** Ports of the helper, which listens before the program does. */
  readonly #own: number[]

  private constructor(runner: Runner) {
    this.#runner = runner
    this.#own = listeningPorts(tablesOf(runner.pid))
  }

  /** Rejects with RC-L-104, -105 or -106. */
  static async start(options: PlaceOptions): Promise<Place> {
    const { namespace, dialer, onExit, logger, ...rest } = options
    const resolve = (query: Buffer): Promise<Buffer> => dialer.resolve(query)
    const runner = await Runner.start({
      ...rest,
      logger,
      search: [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'],
      handlers: {
        onConnection: (socket) => void carry(socket, dialer, logger),
        onDnsServer: (server) => answerTcp(server, resolve),
        onDnsSocket: (socket) => answerUdp(socket, resolve),
        onExit,
      },
    })
    return new Place(runner)
  }

  /** What the CLI needs to start the program. */
  describe(env: Record<string, string>): RunPlace {
    return { pid: this.#runner.pid, notes: this.#runner.notes, env }
  }

  /** Connects to a port of the program. */
  connect(port: number): Promise<Socket> {
    return this.#runner.connect(port)
  }

  /** Whether the program listens on a port. */
  listens(port: number): boolean {
    return listensHere(port, tablesOf(this.#runner.pid))
  }

  /** The ports on which it listens. */
  get listening(): number[] {
    return listeningPorts(tablesOf(this.#runner.pid)).filter((port) => !this.#own.includes(port))
  }

  close(): void {
    this.#runner.close()
  }
}

/** Passes one connection of the program: into the cluster, or from the laptop when it is none of the cluster's. */
async function carry(socket: Socket, dialer: DialerLink, logger: Logger): Promise<void> {
  socket.on('error', () => {})
  const to = originalDestination(socket)
  if (to === undefined) {
    socket.resetAndDestroy()
    return
  }
  const first = new FirstBytes(socket)
  try {
    const stream = await dialer.dial(to.host, to.port, first)
    first.stop()
    await spliceSocket(stream, socket)
  } catch (error) {
    const said = first.stop()
    if (error instanceof StreamRefused && error.code === 'outside') join(socket, said, to.host, to.port)
    else {
      logger.debug({ to, error: (error as Error).message }, 'connection refused')
      socket.resetAndDestroy()
    }
  }
}

/** Joins the program's connection, of which `said` was read, with one that the laptop makes itself. */
function join(socket: Socket, said: Buffer[], host: string, port: number): void {
  const out = connect({ host, port, allowHalfOpen: true, noDelay: true })
  out.on('error', () => socket.resetAndDestroy())
  socket.on('close', () => out.destroy())
  out.once('connect', () => {
    for (const bytes of said) out.write(bytes)
    socket.pipe(out)
    out.pipe(socket)
  })
}
