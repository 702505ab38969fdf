/** What of the takeover needs privileges: the transparent sockets and the table. Everything after it needs none. */
import { type AddressInfo, createServer, type Server } from 'node:net'
import koffi from 'koffi'
import type { Clock } from '../../lib/clock.ts'
import { listening } from './listener.ts'
import { NftTable, spawnNft, type TableShape, type TakeoverMode, tableName } from './nft.ts'
import { openSockDiag } from './open-sock-diag.ts'

const SOL_IP = 0
const IP_TRANSPARENT = 19
const SOL_IPV6 = 41
const IPV6_TRANSPARENT = 75

/** Descriptors that carry the takeover into a process without privileges. */
export interface PreparedTakeover {
  mode: TakeoverMode
  /** Port of the listening sockets. */
  port: number
  /** Name of the nft table. */
  table: string
  listeners: number[]
  nft: { stdin: number; stdout: number; stderr: number }
  /** Of `SockDiagQuestions`, where the kernel has them. */
  diag?: number
}

/** In this order: what is best first. */
const SHAPES = [
  { mode: 'tproxy', owned: true },
  { mode: 'tproxy', owned: false },
  { mode: 'redirect', owned: true },
  { mode: 'redirect', owned: false },
] as const satisfies Pick<TableShape, 'mode' | 'owned'>[]

/**
 * Listens on a free port, of both address families where there are both, and makes the table. Needs CAP_NET_ADMIN.
 * The sockets and nft live as long as the process does, and in what it is replaced by.
 * @param modes ways that may be tried
 * Rejects with what the kernel or nft says to the last way that was tried.
 */
export async function prepareTakeover(
  clock: Clock,
  modes: TakeoverMode[] = ['tproxy', 'redirect'],
): Promise<PreparedTakeover> {
  const { port, servers, families } = await listenBoth()
  let problem: unknown
  for (const { mode, owned } of SHAPES.filter((shape) => modes.includes(shape.mode))) {
    const nft = spawnNft()
    const missing = new Promise<never>((_, reject) => nft.once('error', reject))
    missing.catch(() => {})
    const name = tableName({ owned, port })
    const table = new NftTable(nft, clock, name)
    try {
      if (mode === 'tproxy') for (const server of servers) setTransparent(server)
      await Promise.race([table.create({ mode, owned, port, families }), missing])
      const { stdin, stdout, stderr } = nft
      stdout.pause()
      stderr.pause()
      const diag = sockDiag()
      return {
        mode,
        port,
        table: name,
        listeners: servers.map(descriptor),
        nft: { stdin: descriptor(stdin), stdout: descriptor(stdout), stderr: descriptor(stderr) },
        ...(diag !== undefined && { diag }),
      }
    } catch (error) {
      problem = error
      void table.close()
      nft.kill()
    }
  }
  for (const server of servers) server.close()
  throw problem
}

async function listenBoth(): Promise<{ port: number; servers: Server[]; families: ('ip' | 'ip6')[] }> {
  const v4 = createServer((client) => client.on('error', () => {}).resetAndDestroy())
  await listening(v4, { host: '0.0.0.0', port: 0 })
  const { port } = v4.address() as AddressInfo
  const v6 = createServer((client) => client.on('error', () => {}).resetAndDestroy())
  try {
    await listening(v6, { host: '::', port, ipv6Only: true })
    return { port, servers: [v4, v6], families: ['ip', 'ip6'] }
  } catch {
    // The pod has no IPv6.
    return { port, servers: [v4], families: ['ip'] }
  }
}

/** Lets a listening socket accept what is addressed to other ports. */
function setTransparent(server: Server): void {
  const { family } = server.address() as AddressInfo
  const [level, option] = family === 'IPv6' ? [SOL_IPV6, IPV6_TRANSPARENT] : [SOL_IP, IP_TRANSPARENT]
  const libc = koffi.load('libc.so.6')
  const setsockopt = libc.func('int setsockopt(int, int, int, void *, unsigned int)')
  const on = Buffer.alloc(4)
  on.writeInt32LE(1)
  if (setsockopt(descriptor(server), level, option, on, on.length) === 0) return
  const strerror = libc.func('const char *strerror(int)')
  throw new Error(`the listener cannot be transparent: ${strerror(koffi.errno())}`)
}

function sockDiag(): number | undefined {
  try {
    return openSockDiag()
  } catch {
    // The tables in /proc tell it too.
    return undefined
  }
}

/** Node shows a socket's descriptor nowhere else. */
function descriptor(of: object): number {
  const { _handle: handle } = of as { _handle: { fd: number } }
  return handle.fd
}
