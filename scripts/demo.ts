/** `npm run demo [-- --keep]`: the main job, shown on the sandbox by the very commands that a user would type. */
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Answer, askThrough } from './demo/ask.ts'
import { leftOf } from './demo/left.ts'
import { bold, dim, type Ran, type Staying, say, show, stay } from './demo/shell.ts'

const root = resolve(import.meta.dirname, '..')
const keep = process.argv.includes('--keep')
const home = mkdtempSync(join(tmpdir(), 'remocal-demo-'))
// The packages' Node comes first, also when this file was not started by npm.
const PATH = `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`
const env: NodeJS.ProcessEnv = { ...process.env, PATH, REMOCAL_HOME: home }
const REQUESTS = 6
let intercept: Staying | undefined

/** Shows a command and runs it; it has to end well. */
async function step(line: string): Promise<Ran> {
  const ran = await show(line, { env, cwd: root })
  if (ran.code !== 0) throw new Error(`"${line}" ended with ${ran.code}`)
  return ran
}

function must(what: string, holds: boolean): void {
  if (!holds) throw new Error(`this should hold and does not: ${what}`)
}

async function prepare(): Promise<void> {
  say('A small Kubernetes on this machine, and a shop of three services in it')
  await step('bin/remocal sandbox up')
  await step('bin/remocal sandbox image remocal:dev --root . -- bin/remocal')
  await step(`bin/remocal sandbox image remocal-shop:dev --root examples/shop -- node`)
  env.KUBECONFIG = join(home, 'sandbox/kubeconfig')
  process.stdout.write(dim(`$ export KUBECONFIG=${env.KUBECONFIG}\n`))
  await step('node scripts/demo/apply.ts examples/shop/manifests')
  say('Remocal in the cluster, and this machine a member of it')
  await step('bin/remocal install --image remocal:dev')
  await step('bin/remocal connect')
  await step('bin/remocal list -n shop')
}

async function attach(): Promise<string> {
  say('The service "web", run here: with the environment of its pod, and with my requests only')
  intercept = await stay(
    'HOST_LABEL=laptop bin/remocal intercept deploy/web -n shop -- node examples/shop/web.js',
    { env, cwd: root },
    /listening/,
  )
  const mark = /x-remocal: ([\w-]+)/.exec(intercept.output())?.[1]
  must('the command says which header is mine', mark !== undefined)
  return mark ?? ''
}

async function ask(mark: string): Promise<void> {
  say(
    `${REQUESTS} requests through the cluster's Service with my header, ${REQUESTS} without; "web" asks "orders" and "stock"`,
  )
  const answers = await askThrough({ env, cwd: root, mark, count: REQUESTS })
  for (const answer of answers) process.stdout.write(`  ${row(answer)}\n`)
  const mine = answers.filter(({ marked }) => marked)
  const others = answers.filter(({ marked }) => !marked)
  must('every request was answered', answers.length === 2 * REQUESTS && answers.every(({ status }) => status === 200))
  must(
    'mine are answered on the laptop',
    mine.every(({ web }) => web === 'laptop'),
  )
  must(
    "the others' are answered by the pods",
    others.every(({ web }) => web.startsWith('web-')),
  )
  must(
    "the laptop's program reached another service by its cluster name",
    mine.every(({ stock }) => stock.startsWith('stock-')),
  )
  await step('bin/remocal status')
}

function row({ marked, status, web, orders, stock }: Answer): string {
  const header = marked ? 'my header' : '         '
  return `${header}  ${status}  answered by ${web === 'laptop' ? bold('this laptop') : web}, which asked ${orders} and ${stock}`
}

async function takeDown(): Promise<void> {
  say('Everything goes again')
  await intercept?.end()
  await step('bin/remocal quit')
  await step('bin/remocal uninstall')
  await step('bin/remocal sandbox down')
  const left = leftOf(home)
  rmSync(home, { recursive: true, force: true })
  process.stdout.write(
    left.length === 0
      ? '  no process, mount, namespace, rule or file is left\n'
      : left.map((one) => `  left: ${one}\n`).join(''),
  )
  must('nothing is left', left.length === 0)
}

function whatNext(mark: string): void {
  say('It stays up. Try next, in another terminal')
  const lines = [
    `export REMOCAL_HOME=${home} KUBECONFIG=${env.KUBECONFIG}`,
    'bin/remocal run -n shop -- curl -s http://web/',
    `bin/remocal run -n shop -- curl -s -H 'x-remocal: ${mark}' http://web/`,
    'bin/remocal intercept deploy/orders -n shop --all --port 80:9000     # then listen on port 9000',
    'bin/remocal status',
    'bin/remocal quit; bin/remocal sandbox down     # ends all of it',
  ]
  process.stdout.write(`${lines.map((line) => `  ${line}`).join('\n')}\n`)
  process.stdout.write('This command goes on as long as "web" runs here. Ctrl-C ends that; the cluster stays up.\n')
}

try {
  must('the manifests of the shop are there', globSync(join(root, 'examples/shop/manifests/*.yaml')).length > 0)
  await prepare()
  const mark = await attach()
  await ask(mark)
  if (keep) {
    whatNext(mark)
    await intercept?.ended()
    const how = `REMOCAL_HOME=${home} sh -c 'bin/remocal quit; bin/remocal sandbox down'; rm -r ${home}`
    process.stdout.write(`\n"web" runs in the cluster only now. The cluster is still up; this ends it:\n  ${how}\n`)
  } else await takeDown()
} catch (error) {
  process.stderr.write(`demo: ${(error as Error).message}\n`)
  process.exitCode = 1
  await intercept?.end()
  await show('bin/remocal quit', { env, cwd: root })
  await show('bin/remocal sandbox down', { env, cwd: root })
  rmSync(home, { recursive: true, force: true })
}
