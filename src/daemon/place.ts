/** The network of one program: what it connects to and asks for goes to the cluster. */
import type dgram from 'node:dgram'
import { connect, type Server, type Socket } from 'node:net'
import type { RunPlace } from '../lib/daemon-api.ts'
import type { Logger } from '../lib/logger.ts'
import { spliceSocket } from '../wire/carrier/splice-socket.ts'
import { StreamRefused } from '../wire/session/refused.ts'
import type { DialerLink } from './dialer-link.ts'
import { originalDestination } from './original-destination.ts'
import { Runner, type RunnerStart } from './runner.ts'

/** Bits of a DNS answer that says "server failure" (RFC 1035 §4.1.1): QR, RA, RCODE 2. */
const SERVFAIL = [0x80, 0x82] as const
const HEADER_BYTES = 12

export interface PlaceOptions extends Omit<RunnerStart, 'handlers' | 'search'> {
  namespace: string
  dialer: DialerLink
  /** The place is gone, whoever ended it. */
  onExit(): void
}

export class Place {
  readonly #runner: Runner

  private constructor(runner: Runner) {
    this.#runner = runner
  }

  /** Rejects with RC-L-104, -105 or -106. */
  static async start(options: PlaceOptions): Promise<Place> {
    const { namespace, dialer, onExit, logger, ...rest } = options
    const runner = await Runner.start({
      ...rest,
      logger,
      search: [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'],
      handlers: {
        onConnection: (socket) => void carry(socket, dialer, logger),
        onDnsServer: (server) => answerTcp(server, dialer),
        onDnsSocket: (socket) => answerUdp(socket, dialer),
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
  try {
    await spliceSocket(await dialer.dial(to.host, to.port), socket)
  } catch (error) {
    if (error instanceof StreamRefused && error.code === 'outside') join(socket, to.host, to.port)
    else {
      logger.debug({ to, error: (error as Error).message }, 'connection refused')
      socket.resetAndDestroy()
    }
  }
}

/** Joins the program's connection with one that the laptop makes itself. */
function join(socket: Socket, host: string, port: number): void {
  const out = connect({ host, port, allowHalfOpen: true, noDelay: true })
  out.on('error', () => socket.resetAndDestroy())
  socket.on('close', () => out.destroy())
  out.once('connect', () => {
    socket.pipe(out)
    out.pipe(socket)
  })
}

function answerUdp(socket: dgram.Socket, dialer: DialerLink): void {
  socket.on('error', () => {})
  socket.on('message', (query, { address, port }) => {
    void answer(query, dialer).then((bytes) => {
      if (bytes !== undefined) socket.send(bytes, port, address, () => {})
    })
  })
}

function answerTcp(server: Server, dialer: DialerLink): void {
  server.on('connection', (socket) => {
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes])
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE()) {
        const end = 2 + rest.readUInt16BE()
        void answer(rest.subarray(2, end), dialer).then((reply) => {
          if (reply === undefined || !socket.writable) return
          const length = Buffer.allocUnsafe(2)
          length.writeUInt16BE(reply.length)
          socket.write(Buffer.concat([length, reply]))
        })
        rest = rest.subarray(end)
      }
    })
    socket.resume()
  })
}

/** The cluster's answer, or "server failure"; undefined for what is no question. */
async function answer(query: Buffer, dialer: DialerLink): Promise<Buffer | undefined> {
  if (query.length < HEADER_BYTES) return undefined
  try {
    return await dialer.resolve(query)
  } catch {
    const failure = Buffer.from(query)
    failure[2] = SERVFAIL[0] | ((query[2] ?? 0) & 0x79)
    failure[3] = SERVFAIL[1]
    return failure
  }
}
