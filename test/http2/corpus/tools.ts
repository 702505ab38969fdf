/** Clients that are no programs of ours: curl, nghttp and h2load, one process for each case. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unpacked } from '../../../scripts/debian.ts'
import { run } from '../../e2e/remocal.ts'
import { type Client, ended } from '../../peers/client.ts'

const LARGE = Buffer.alloc(20 * 1024 * 1024, 'laptop? ')
/** Where a case asks for what its name does not say: arguments before the URL, and paths. */
type Asked = Record<string, { args: string[]; paths: string[] }>

const BY_CURL = 'get post nothing head empty unchanged large upload trailers pieces hints early cookies static'.split(
  ' ',
)
/** Its version 7.88 asks only once on a connection that began with HTTP/2. */
export const CURL: Set<string> = new Set(BY_CURL)
/** Few servers take an upgrade: it is a case of its own. */
export const CURL_UPGRADE: Set<string> = new Set([...BY_CURL, 'twice', 'parallel'].map((name) => `upgrade-${name}`))
const LIMITS = ['-q', '-sS', '--noproxy', '*', '--max-time', '60']

/** @param version how it comes to speak HTTP/2 */
export function curl(version: string): Client['run'] {
  return (port, user, cases) => {
    const { program, env } = unpacked('curl')
    return withLarge(cases, async (given, file) => {
      const name = given.replace('upgrade-', '')
      const post = ['-H', 'Content-Type: text/plain', '--data-binary']
      const asked: Asked = {
        get: { args: [], paths: ['/a?b=c'] },
        twice: { args: [], paths: ['/a', '/a?b=c'] },
        post: { args: [...post, 'hello'], paths: ['/echo'] },
        nothing: { args: [...post, ''], paths: ['/echo'] },
        head: { args: ['-I'], paths: ['/a'] },
        upload: { args: ['-X', 'POST', '-T', file], paths: ['/upload'] },
        cookies: { args: ['-H', 'Cookie: a=1; b=2'], paths: ['/cookies'] },
        parallel: { args: ['-Z'], paths: Array.from({ length: 20 }, (_, at) => `/many/${at}`) },
      }
      const { args, paths } = asked[name] ?? { args: [], paths: [`/${name}`] }
      const mine = user === '' ? [] : ['-H', `X-User: ${user}`]
      const urls = paths.map((path) => `http://127.0.0.1:${port}${path}`)
      const ran = await run(program('usr/bin/curl'), [...LIMITS, version, ...mine, ...args, ...urls], { env })
      // What several say at once comes in any order.
      const said = ended('curl', ran)
      return name === 'parallel' ? said.split('\n').sort().join('\n') : said
    })
  }
}

export const NGHTTP: Set<string> = new Set('get post large upload trailers sums many'.split(' '))

export const nghttp: Client['run'] = (port, user, cases) => {
  const { program, env } = unpacked('nghttp2-client')
  return withLarge(cases, async (name, file) => {
    const small = `${file}.small`
    writeFileSync(small, 'hello')
    const asked: Asked = {
      get: { args: [], paths: ['/a', '/a?b=c'] },
      post: { args: [`--data=${small}`], paths: ['/echo'] },
      upload: { args: [`--data=${file}`], paths: ['/upload'] },
      sums: { args: [`--data=${small}`, '--trailer=x-sum: 1'], paths: ['/sums'] },
      many: { args: ['--multiply=100', '--no-dep'], paths: ['/a'] },
    }
    const { args, paths } = asked[name] ?? { args: [], paths: [`/${name}`] }
    const mine = user === '' ? [] : [`--header=x-user: ${user}`]
    const urls = paths.map((path) => `http://127.0.0.1:${port}${path}`)
    const said = ended(
      'nghttp',
      await run(program('usr/bin/nghttp'), ['--timeout=60', ...mine, ...args, ...urls], { env }),
    )
    // Asked for at once, they come in any order.
    return paths.length > 1
      ? said
          .split(/(?<=\n)/)
          .sort()
          .join('')
      : said
  })
}

export const H2LOAD: Set<string> = new Set('load-one load-many load-large'.split(' '))

export const h2load: Client['run'] = async (port, user, cases) => {
  const { program, env } = unpacked('nghttp2-client')
  const asked: Asked = {
    'load-one': { args: ['-n', '3000', '-c', '1', '-m', '1000'], paths: ['/a'] },
    'load-many': { args: ['-n', '3000', '-c', '8', '-m', '32'], paths: ['/a'] },
    'load-large': { args: ['-n', '8', '-c', '2', '-m', '2'], paths: ['/large'] },
  }
  const mine = user === '' ? [] : ['-H', `x-user: ${user}`]
  let said = ''
  for (const name of cases) {
    const { args, paths } = asked[name] ?? { args: [], paths: [] }
    const urls = paths.map((path) => `http://127.0.0.1:${port}${path}`)
    const printed = ended('h2load', await run(program('usr/bin/h2load'), [...args, ...mine, ...urls], { env }))
    said += printed
      .split('\n')
      .filter((line) => /^(requests|status codes):/.test(line))
      .join('\n')
  }
  return said
}

/** Each case with a large file at hand, where it asks for one. */
async function withLarge(cases: string[], ask: (name: string, file: string) => Promise<string>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'remocal-http2-'))
  const file = join(folder, 'large')
  if (cases.some((name) => name.endsWith('upload'))) writeFileSync(file, LARGE)
  let said = ''
  try {
    for (const name of cases) said += `${name} ${await ask(name, file)}`
  } finally {
    rmSync(folder, { recursive: true })
  }
  return said
}
