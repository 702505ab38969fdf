/**
 * The program's network namespace: everything it connects to by TCP, except itself, is led to one listening socket;
 * port 53 of any address is answered at one place; all else is refused at once instead of being lost.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Addresses on the namespace's loopback, from the range that RFC 2544 keeps free. */
export const ADDRESSES = { source: '198.18.0.1', taken: '198.18.0.2', dns: '198.18.0.53' } as const
/** The listening socket's port; the program cannot clash with it, the address is not its own. */
export const TAKEN_PORT = 5300

const IP_COMMANDS = `link set lo up
address add ${ADDRESSES.source}/32 dev lo
address add ${ADDRESSES.taken}/32 dev lo
address add ${ADDRESSES.dns}/32 dev lo
route add default dev lo src ${ADDRESSES.source}
`

const RULES = `table ip remocal {
  chain taken {
    type nat hook output priority -100; policy accept;
    udp dport 53 dnat to ${ADDRESSES.dns}:53
    tcp dport 53 dnat to ${ADDRESSES.dns}:53
    fib daddr type local return
    meta l4proto tcp dnat to ${ADDRESSES.taken}:${TAKEN_PORT}
  }
  chain refused {
    type filter hook output priority 0; policy accept;
    fib daddr type local accept
    reject with icmp type port-unreachable
  }
}
`

/** Brings the namespace up. Throws what `ip` or `nft` said. */
export async function setUpNetwork(): Promise<void> {
  await feed('ip', ['-batch', '-'], IP_COMMANDS)
  await feed('nft', ['-f', '-'], RULES)
}

const run = promisify(execFile)

async function feed(program: string, args: string[], input: string): Promise<void> {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`
  const running = run(program, args, { env: { ...process.env, PATH: path } })
  running.child.stdin?.on('error', () => {})
  running.child.stdin?.end(input)
  try {
    await running
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string }
    if (code === 'ENOENT') throw new MissingTool(program)
    throw new Error(`${program}: ${stderr?.trim().split('\n')[0] ?? String(error)}`)
  }
}

/** A program that is not on the PATH. */
export class MissingTool extends Error {
  readonly tool: string
  constructor(tool: string) {
    super(`"${tool}" is not installed`)
    this.tool = tool
  }
}
