/**
 * The runner: the daemon's child inside the namespaces of one program. It sets them up, hands the sockets over, connects
 * to the program's own ports when asked, and ends with its daemon.
 */
import dgram from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'
import type { FromRunner, RunnerOptions, ToRunner } from '../lib/runner-protocol.ts'
import { connectProgram } from './connect.ts'
import { setUpNames } from './names.ts'
import { ADDRESSES, MissingTool, setUpNetwork, TAKEN_PORT } from './network.ts'

/** Runs until the daemon says `end` or is gone. The daemon's IPC channel must be there. */
export async function runnerMain(): Promise<void> {
  process.on('disconnect', () => process.exit(0))
  process.on('message', (message) => {
    const said = message as ToRunner
    if (said.kind === 'end') process.exit(0)
    if (said.kind === 'connect') void connectProgram(said, hand)
  })
  try {
    const options = JSON.parse(process.env.REMOCAL_RUNNER ?? '') as RunnerOptions
    delete process.env.REMOCAL_RUNNER
    await setUpNetwork()
    const notes = setUpNames({ nameserver: ADDRESSES.dns, ...options })
    await handSockets()
    await hand({ kind: 'ready', pid: process.pid, notes })
  } catch (error) {
    await hand(failure(error))
    process.exit(1)
  }
}

function failure(error: unknown): FromRunner {
  if (error instanceof MissingTool) {
    const packages: Record<string, string> = { ip: 'iproute2', nft: 'nftables' }
    const action = `sudo apt install ${packages[error.tool] ?? error.tool}`
    return {
      kind: 'failed',
      code: 'RC-L-105',
      sentence: `Cannot make a network for the program: ${error.message}.`,
      actions: [action],
    }
  }
  const message = error instanceof Error ? error.message : String(error)
  const code = /not permitted|permission denied/i.test(message) ? 'RC-L-104' : 'RC-L-106'
  return { kind: 'failed', code, sentence: `Cannot make a network for the program: ${message}.`, actions: [] }
}

async function handSockets(): Promise<void> {
  const taken = net.createServer()
  taken.listen({ port: TAKEN_PORT, host: ADDRESSES.taken, backlog: 1024 })
  const dnsTcp = net.createServer()
  dnsTcp.listen(53, ADDRESSES.dns)
  const dnsUdp = dgram.createSocket('udp4')
  dnsUdp.bind(53, ADDRESSES.dns)
  await Promise.all([once(taken, 'listening'), once(dnsTcp, 'listening'), once(dnsUdp, 'listening')])
  // A copy that stays open here would steal connections from the daemon.
  await hand({ kind: 'tcp' }, taken)
  taken.close()
  await hand({ kind: 'dns-tcp' }, dnsTcp)
  dnsTcp.close()
  await hand({ kind: 'dns-udp' }, dnsUdp)
  dnsUdp.close()
}

/** Sends a message, with a socket when there is one. Never rejects: a daemon that is gone ends this process anyway. */
function hand(message: FromRunner, socket?: net.Server | net.Socket | dgram.Socket): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve()
    else process.send?.(message, socket, {}, () => resolve())
  })
}
