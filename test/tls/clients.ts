/** Clients of `README.md`: each says what it was answered, a line for each request. */
import { join } from 'node:path'
import { unpacked } from '../../scripts/debian.ts'
import { run } from '../e2e/remocal.ts'
import { ended } from '../peers/client.ts'
import { builtGo } from '../peers/servers/built.ts'
import { python } from '../peers/servers/python.ts'

export interface Asked {
  port: number
  version: '1.2' | '1.3'
  ca: string
  /** Certificate and key that it shows. */
  own: string[]
}

interface Client {
  /** Throws where it cannot be had on this machine. */
  prepare(): void
  ask(asked: Asked): Promise<string>
}

const HERE = import.meta.dirname

/** A program with arguments PORT VERSION CA [CERT KEY]. */
function program(name: string, command: () => string[]): Client {
  return {
    prepare: () => void command(),
    async ask({ port, version, ca, own }) {
      const [path = '', ...args] = command()
      return ended(name, await run(path, [...args, String(port), version, ca, ...own]))
    },
  }
}

async function curl({ port, version, ca, own: [cert, key] }: Asked): Promise<string> {
  const { program, env } = unpacked('curl')
  const own = cert !== undefined && key !== undefined ? ['--cert', cert, '--key', key] : []
  const base = ['-sS', '--noproxy', '*', '--max-time', '30', '--cacert', ca, '--tls-max', version, ...own]
  let said = ''
  for (const protocol of ['--http1.1', '--http2']) {
    const one = (path: string, user: string, more: string[]): string[] => [
      ...[...base, protocol, '-w', '%{http_version} %{response_code}\n', ...more],
      ...(user === '' ? [] : ['-H', `X-User: ${user}`]),
      `https://localhost:${port}${path}`,
    ]
    const post = ['-H', 'Expect:', '--data-binary', 'x'.repeat(10_000)]
    const all = [
      ...['', 'jane', ''].map((user) => one('/a', user, [])),
      ...['', 'jane'].map((user) => one('/up', user, post)),
    ]
    const args = all.flatMap((each, at) => (at === 0 ? each : ['--next', ...each]))
    said += ended('curl', await run(program('usr/bin/curl'), ['-q', ...args], { env }))
  }
  // It says the status behind the answer.
  return said.replaceAll(/(.*\n)(\d)\S* (\d+)\n/g, '$2 $3 $1')
}

export const CLIENTS: Record<string, Client> = {
  curl: { prepare: () => void unpacked('curl'), ask: curl },
  Go: program('Go', () => [builtGo('tlsclient')]),
  Node: program('Node', () => [process.execPath, join(HERE, 'clients/node.ts')]),
  httpx: program('httpx', () => [python(), join(HERE, 'clients/client.py')]),
}

/** What each of them must have been answered. */
export function expected(): string {
  return ['1', '2']
    .map((protocol) =>
      [
        ...['app', 'laptop', 'app'].map((who) => `${protocol} 200 ${who} GET /a 0\n`),
        ...['app', 'laptop'].map((who) => `${protocol} 200 ${who} POST /up 10000\n`),
      ].join(''),
    )
    .join('')
}
