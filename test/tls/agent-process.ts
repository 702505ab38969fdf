/** `node test/tls/agent-process.ts APP PID VOLUME LAPTOP LAPTOP2`: the agent's HTTP engine, which ends TLS; LAPTOP2 is where HTTP/2 goes. Prints its port. */
import { readFileSync, readlinkSync } from 'node:fs'
import { namedPaths } from '../../src/agent/app-files/candidates.ts'
import { Inside } from '../../src/agent/app-files/inside.ts'
import { search } from '../../src/agent/app-files/search.ts'
import { AppTls } from '../../src/agent/tls/app-tls.ts'
import { systemClock as clock } from '../../src/lib/clock.ts'
import { silentLogger as logger } from '../../src/lib/logger.ts'
import { startAgent } from '../peers/agent.ts'

const [app = '', pid = '', volume = '', laptop = '', laptop2 = ''] = process.argv.slice(2)
const strings = (name: string): string[] => readFileSync(`/proc/${pid}/${name}`, 'latin1').split('\0')

/** As the helper in a pod does, which knows the app's process by its place there. */
const files: Pick<ConstructorParameters<typeof AppTls>[0], 'files'>['files'] = {
  async find(asked) {
    const environment = Object.fromEntries(strings('environ').map((one) => [one, one.slice(one.indexOf('=') + 1)]))
    const named = namedPaths(strings('cmdline'), environment, readlinkSync(`/proc/${pid}/cwd`))
    return search({ inside: new Inside(`/proc/${pid}/root`), asked, named, folders: volume === '' ? [] : [volume] })
  },
}
const tls: AppTls = new AppTls({
  ...{ clock, logger, files },
  onChange: () => process.stderr.write(`${tls.problem(Number(app)) ?? 'TLS is looked into'}\n`),
})
const { port } = await startAgent(Number(app), Number(laptop), {
  tls,
  laptopOf: (secure) => Number(secure?.protocol === 'h2' ? laptop2 : laptop),
})
process.stdout.write(`${port}\n`)
