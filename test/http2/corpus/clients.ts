/** The clients of the corpus. */
import { join } from 'node:path'
import { unpacked } from '../../../scripts/debian.ts'
import { type Client, type Command, program } from '../../peers/client.ts'
import { builtGo, builtJava } from '../../peers/servers/built.ts'
import { python } from '../../peers/servers/python.ts'
import { CURL, CURL_UPGRADE, curl, H2LOAD, h2load, NGHTTP, nghttp } from './tools.ts'

const PROGRAMS = join(import.meta.dirname, '../clients')
const GRPC = 'unary unary-empty unary-large metadata fail deadline count turns turns-cancelled calls'
const ALL = 'get post nothing head empty unchanged large upload trailers pieces'

const node = (kind: string, cases: string): Client =>
  program(kind === 'http2' ? 'node:http2' : kind, cases, () => ({
    command: process.execPath,
    args: [join(PROGRAMS, 'node.ts'), kind],
  }))

const BY_GRPC: { name: string; command: () => Command }[] = [
  { name: 'grpc-js', command: () => ({ command: process.execPath, args: [join(PROGRAMS, 'grpc.ts')] }) },
  { name: 'grpcio', command: () => ({ command: python(), args: [join(PROGRAMS, 'client.py'), 'grpc'] }) },
  { name: 'grpc-go', command: () => ({ command: builtGo('grpcclient'), args: [] }) },
  { name: 'grpc-java', command: grpcJava },
]

/** What libgrpc-java is used with, though it names none of them. */
const GRPC_JAVA = [
  ...['libgrpc-java', 'libnetty-java', 'libguava-java', 'libperfmark-java', 'libgoogle-gson-java'],
  'libgeronimo-annotation-1.3-spec-java',
]

function grpcJava(): Command {
  const { command, args, env } = builtJava(join(PROGRAMS, 'Grpc.java'), GRPC_JAVA)
  return { command, args: ['-XX:TieredStopAtLevel=1', '-Xmx512m', ...args, 'Grpc'], env }
}

export const CLIENTS: Client[] = [
  {
    name: 'curl',
    cases: CURL,
    apart: true,
    prepare: () => void unpacked('curl'),
    run: curl('--http2-prior-knowledge'),
  },
  {
    name: 'curl, upgrade',
    // The offer goes to the app alone: a laptop is asked in what the client speaks.
    appOnly: true,
    cases: CURL_UPGRADE,
    apart: true,
    prepare: () => void unpacked('curl'),
    run: curl('--http2'),
  },
  { name: 'nghttp', cases: NGHTTP, apart: true, prepare: () => void unpacked('nghttp2-client'), run: nghttp },
  { name: 'h2load', cases: H2LOAD, apart: true, prepare: () => void unpacked('nghttp2-client'), run: h2load },
  node('http2', `${ALL} both sums cookies many-small meet cancelled reset talk hints early`),
  node('undici', `${ALL} cookies many-small hints`),
  program('httpx', `${ALL} cookies`, () => ({ command: python(), args: [join(PROGRAMS, 'client.py'), 'httpx'] })),
  program('net/http', `${ALL} both sums cookies many-small meet hints early`, () => ({
    command: builtGo('http2client'),
    args: [],
  })),
  ...BY_GRPC.map(({ name, command }) => program(name, GRPC, command)),
  // Java's start costs too much where all begin at once.
  together(
    'gRPC',
    BY_GRPC.filter(({ name }) => name !== 'grpc-java').map(({ name, command }) => program(name, 'minute', command)),
  ),
]

/** Clients at once, each with the same cases; they last long. */
function together(name: string, clients: Client[]): Client {
  return {
    name,
    cases: new Set(clients.flatMap((client) => [...client.cases])),
    waits: true,
    prepare() {
      for (const client of clients) client.prepare()
    },
    async run(port, user, cases) {
      return (await Promise.all(clients.map((client) => client.run(port, user, cases)))).join('')
    },
  }
}
