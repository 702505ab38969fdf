/** The clients of the corpus. */
import { join } from 'node:path'
import { unpacked } from '../../../scripts/debian.ts'
import { type Client, type Command, program } from '../../peers/client.ts'
import { builtGoModule } from '../../peers/servers/built.ts'
import { python } from '../../peers/servers/python.ts'
import { CURL, CURL_UPGRADE, curl, H2LOAD, h2load, NGHTTP, nghttp } from './tools.ts'

const PROGRAMS = join(import.meta.dirname, '../clients')
const GRPC = 'unary unary-empty unary-large metadata fail deadline count turns turns-cancelled'
const ALL = 'get post nothing head empty unchanged large upload trailers pieces'

const node = (kind: string, cases: string): Client =>
  program(kind === 'http2' ? 'node:http2' : kind, cases, () => ({
    command: process.execPath,
    args: [join(PROGRAMS, 'node.ts'), kind],
  }))

const go = (kind: string) => (): Command => ({
  command: builtGoModule(join(PROGRAMS, '../go'), 'client'),
  args: [kind],
})

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
    cases: CURL_UPGRADE,
    apart: true,
    prepare: () => void unpacked('curl'),
    run: curl('--http2'),
  },
  { name: 'nghttp', cases: NGHTTP, apart: true, prepare: () => void unpacked('nghttp2-client'), run: nghttp },
  { name: 'h2load', cases: H2LOAD, apart: true, prepare: () => void unpacked('nghttp2-client'), run: h2load },
  node('http2', `${ALL} both sums cookies many-small cancelled reset talk hints early`),
  node('undici', `${ALL} cookies many-small hints`),
  program('httpx', `${ALL} cookies`, () => ({ command: python(), args: [join(PROGRAMS, 'client.py'), 'httpx'] })),
  program('net/http', `${ALL} both sums cookies many-small hints early`, go('http')),
  program('grpc-js', GRPC, () => ({ command: process.execPath, args: [join(PROGRAMS, 'grpc.ts')] })),
  program('grpcio', GRPC, () => ({ command: python(), args: [join(PROGRAMS, 'client.py'), 'grpc'] })),
  program('grpc-go', GRPC, go('grpc')),
]
