/** The clients of the corpus: each runs the cases that it knows against a port, and says what came of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unpacked } from '../../../scripts/debian.ts'
import { run } from '../../e2e/remocal.ts'
import { type Client, program } from '../../peers/client.ts'
import { builtGo, builtJava } from '../../peers/servers/built.ts'
import { python } from '../../peers/servers/python.ts'
import { RAW, raw } from './raw.ts'

const PROGRAMS = join(import.meta.dirname, '../clients')
const LARGE = Buffer.alloc(12 * 1024 * 1024, 'laptop? ')
const ALL = 'get post chunked head empty unchanged close large upload'

const node = (kind: string, more: string): Client =>
  program(kind === 'http' ? 'node:http' : kind, more, () => ({
    command: process.execPath,
    args: [join(PROGRAMS, 'node.ts'), kind],
  }))
const py = (kind: string, more: string): Client =>
  program(kind, more, () => ({ command: python(), args: [join(PROGRAMS, 'client.py'), kind] }))

export const CLIENTS: Client[] = [
  {
    name: 'curl',
    cases: new Set(`${ALL} continue refuse ignore hints trailers parallel old range fixed`.split(' ')),
    prepare: () => void unpacked('curl'),
    apart: true,
    run: curl,
  },
  node('http', `${ALL} sums trailers continue refuse hints`),
  node('undici', `${ALL} hints trailers pipelined`),
  node('ws', 'ws'),
  py('http.client', ALL),
  py('httpx', ALL),
  py('websockets', 'ws'),
  program('net/http', `${ALL} sums trailers continue refuse hints`, () => ({
    command: builtGo('http1client'),
    args: [],
  })),
  program('java.net.http', `${ALL} continue`, () => {
    const { command, args, env } = builtJava(join(PROGRAMS, 'Client.java'))
    return { command, args: ['-XX:TieredStopAtLevel=1', ...args, 'Client'], env }
  }),
  { name: 'sockets', cases: new Set(RAW), apart: true, prepare() {}, run: raw },
]

/** One curl for each case; where it is asked twice it keeps the connection. */
async function curl(port: number, user: string, cases: string[]): Promise<string> {
  const { program: path, env } = unpacked('curl')
  const folder = mkdtempSync(join(tmpdir(), 'remocal-curl-'))
  const file = join(folder, 'large')
  if (cases.includes('upload')) writeFileSync(file, LARGE)
  const at = (path: string): string => `http://127.0.0.1:${port}${path}`
  const post = ['-H', 'Content-Type: text/plain', '--data-binary']
  const expects = ['--expect100-timeout', '20', '-H', 'Expect: 100-continue', ...post, 'hello']
  const asked: Record<string, string[]> = {
    get: [at('/a'), at('/a?b=c')],
    post: [...post, 'hello', at('/echo')],
    chunked: ['-H', 'Transfer-Encoding: chunked', ...post, 'one two', at('/echo')],
    head: ['-I', at('/a')],
    upload: ['-X', 'POST', '-T', file, at('/upload')],
    continue: [...expects, at('/echo')],
    refuse: [...expects, at('/refuse')],
    ignore: ['-H', 'Expect: 100-continue', ...post, 'hello', at('/ignore')],
    parallel: ['-Z', '--parallel-immediate', at('/a'), at('/b'), at('/c'), at('/d')],
    old: ['-0', at('/a')],
    range: ['-r', '5-10', at('/static')],
  }
  const mine = user === '' ? [] : ['-H', `X-User: ${user}`]
  let said = ''
  try {
    for (const name of cases) {
      const args = [
        '-q',
        '-sS',
        '--noproxy',
        '*',
        '--max-time',
        '30',
        '--http1.1',
        ...mine,
        ...(asked[name] ?? [at(`/${name}`)]),
      ]
      const ran = await run(path('usr/bin/curl'), args, { env })
      // What several say at once comes in any order.
      said += `${name} ${ran.code} ${name === 'parallel' ? ran.stdout.split('\n').sort().join('\n') : ran.stdout}`
      if (ran.code !== 0) throw new Error(`curl ${args.join(' ')} ended with ${ran.code}: ${ran.stderr}`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  return said
}
