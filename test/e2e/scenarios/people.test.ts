/** Five people with five filters on one service of three pods: every request is answered by whom the rules say, while filters come and go. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Crowd, counted } from '../crowd.ts'
import { place } from '../place.ts'
import { bundled } from '../pod-program.ts'

const PROGRAM = join(import.meta.dirname, '../programs/people.js')
const APP = 'crowd'
const CONNECTIONS = 12
/** How often a filter comes and goes, of all that do. */
const CHANGES = 200

interface Rule {
  who: string
  /** It stays all the time. */
  stable: boolean
  header?: [name: string, value: string]
  path?: string
  cookie?: [name: string, value: string]
  method?: string
}

const { client, kubeconfig } = place()
const program = await bundled(PROGRAM)
const crowd = new Crowd({ client, kubeconfig, app: APP, file: PROGRAM, program, firstPort: 18_300 })

after(async () => {
  await crowd.end()
  client.close()
})

test('5 people, 5 filters, 3 pods, HTTP/1 and WebSockets: nothing goes wrong while filters come and go 200 times', async () => {
  await crowd.start()
  const jane = await crowd.takePart('jane', [])
  // In the order in which they are asked: priority, then the mark, then the others.
  const carol = await crowd.takePart('carol', ['--path', '/carol/*', '--priority', '3'])
  const dave = await crowd.takePart('dave', ['--cookie', 'user=dave', '--priority', '2'])
  const eve = await crowd.takePart('eve', [
    '--filter',
    'request.method == "POST" && request.headers["x-eve"] != ""',
    '--priority',
    '1',
  ])
  const bob = await crowd.takePart('bob', ['--header', 'x-user=bob'])
  const rules: Rule[] = [
    { who: 'carol', stable: false, path: '/carol/' },
    { who: 'dave', stable: false, cookie: ['user', 'dave'] },
    { who: 'eve', stable: false, method: 'POST', header: ['x-eve', 'yes'] },
    { who: 'jane', stable: true, header: ['x-remocal', jane.mark] },
    { who: 'bob', stable: true, header: ['x-user', 'bob'] },
  ]
  for (const one of [jane, bob, carol, dave, eve]) await crowd.begin(one)

  const env = { ROLE: 'client', URL: `http://${APP}`, RULES: JSON.stringify(rules), CONNECTIONS: String(CONNECTIONS) }
  const pods = await Promise.all([crowd.clients(env), crowd.clients(env)])
  for (const pod of pods) await pod.printed(/ASKING/)
  const coming = [carol, dave, eve]
  const each = Math.ceil(CHANGES / coming.length)
  await Promise.all(coming.map((one) => crowd.comeAndGo(one, each)))
  for (const pod of pods) {
    const result = await counted(pod)
    assert.deepEqual({ lost: result.lost, wrong: result.wrong }, { lost: 0, wrong: 0 }, JSON.stringify(result, null, 1))
    assert.ok(result.asked > 1000, `only ${result.asked} requests`)
    assert.deepEqual(Object.keys(result.of).sort(), ['app', 'bob', 'carol', 'dave', 'eve', 'jane'])
  }
})
