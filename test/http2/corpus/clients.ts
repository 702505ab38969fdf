/** The clients of the corpus. */
import { join } from 'node:path'
import { unpacked } from '../../../scripts/debian.ts'
import { type Client, program } from '../../peers/client.ts'
import { CURL, CURL_UPGRADE, curl, H2LOAD, h2load, NGHTTP, nghttp } from './tools.ts'

const PROGRAMS = join(import.meta.dirname, '../clients')
const ALL = 'get post nothing head empty unchanged large upload trailers pieces'

const node = (kind: string, cases: string): Client =>
  program(kind === 'http2' ? 'node:http2' : kind, cases, () => ({
    command: process.execPath,
    args: [join(PROGRAMS, 'node.ts'), kind],
  }))

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
]
