/** A whole agent in a pod's namespaces, with real nft: started as the manager starts it, ended in every way. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import https from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Route } from '../wire/messages/control.ts'
import { createAuthority, createCertificate } from '../wire/session/authority.ts'
import { readAll, TestDaemon } from './fixtures/daemon.ts'
import { inNamespace } from './fixtures/in-namespace.ts'
import { createInstallation, TestManager } from './fixtures/manager.ts'
import { HOST, POD, POD_V6, type PodProcess, TestPod } from './fixtures/pod.ts'

const ANNA = 'request.headers["x-remocal"] == "anna"'

inNamespace(import.meta.filename, () => {
  const installation = createInstallation()
  let pod: TestPod
  let manager: TestManager
  let agent: PodProcess
  let daemon: TestDaemon
  let generation = 0

  before(async () => {
    pod = await TestPod.start()
    await pod.tell('listen :: 8080')
    await pod.tell('listen 127.0.0.1 8090')
  })
  after(() => pod.close())
  beforeEach(async () => {
    manager = await TestManager.start(installation.identity('manager/m-0'), HOST)
  })
  afterEach(async () => {
    daemon.session?.close()
    if (isAlive(agent.pid)) agent.signal('SIGKILL')
    await agent.exited
    await manager.close()
    assert.equal(await until(() => pod.run('nft', 'list', 'tables')), '')
  })

  const start = async (...more: string[]): Promise<void> => {
    agent = await pod.agent([
      ...['--namespace', 'shop', '--pod', 'orders-1', '--pod-uid', 'u', '--container', 'remocal-1', '--target', 'app'],
      ...['--installation-key', installation.publicKey, '--managers', manager.address, '--managers-name', 'none:1'],
      ...more,
    ])
    await Promise.race([
      manager.joined(),
      agent.exited.then((code) => {
        throw new Error(`the agent ended with ${code}: ${agent.stderr()}`)
      }),
    ])
  }
  const route = (filter: string, port = 8080): Route => ({
    ...{ intercept: 'i1', name: 'shop/orders-anna', mode: 'intercept', session: 'anna', owner: 'anna' },
    ...{ ports: [port], filter, priority: 0 },
  })
  const configure = (...routes: Route[]): void => {
    generation++
    manager.send({ generation, routes, peers: { anna: daemon.identity.publicKey } })
  }
  /** An agent whose laptop answers what the filter says. */
  const attach = async (filter: string, ...more: string[]): Promise<void> => {
    daemon = new TestDaemon('anna')
    await start(...more)
    configure(route(filter))
    await daemon.join(manager.circuit())
    await daemon.serve(['i1'])
    await daemon.attachedTo('i1')
  }

  test('the agent says only its key on stdout, and no thread of it has privileges', async () => {
    daemon = new TestDaemon('anna')
    await start()
    assert.equal(agent.stdout(), `${manager.agent?.peer.publicKey}\n`)
    const threads = readdirSync(`/proc/${agent.pid}/task`)
    assert.ok(threads.length > 1)
    for (const thread of threads) {
      const status = readFileSync(`/proc/${agent.pid}/task/${thread}/status`, 'utf8')
      assert.match(status, /^CapPrm:\s*0+$/m)
      assert.match(status, /^CapEff:\s*0+$/m)
      assert.match(status, /^NoNewPrivs:\s*1$/m)
    }
    assert.equal(readFileSync(`/proc/${agent.pid}/oom_score_adj`, 'utf8').trim(), '1000')
  })

  test('a wiretap gets copies and, where it compares, answers; the app answers', async () => {
    daemon = new TestDaemon('anna')
    await start()
    configure({ ...route(ANNA), mode: 'wiretap', copies: { percent: 100, diff: true } })
    await daemon.join(manager.circuit())
    await daemon.serve(['i1'])
    await daemon.attachedTo('i1')
    assert.equal(await ask(POD, 'anna'), 'app')
    assert.equal(await ask(POD, 'jane'), 'app')
    assert.equal(await ask(POD, 'anna'), 'app')
    while (daemon.copies.length < 4) await once(daemon.events, 'copy')
    assert.deepEqual(daemon.delivered, [])
    for (const record of daemon.copies) {
      if (record.kind === 'request') assert.match(record.bytes.toString(), /^GET \/ HTTP\/1\.1\r\n.*\r\n\r\n$/s)
      else assert.match(record.kind === 'answer' ? record.bytes.toString() : '', /^HTTP\/1\.1 200 OK\r\n.*app/s)
    }
    assert.deepEqual(
      daemon.copies.map(({ kind }) => kind),
      ['request', 'answer', 'request', 'answer'],
    )
  })

  test("TLS is ended by a key in the pod's files, or it is said why not; nothing of the agent is left when it has ended", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'remocal-agent-tls-'))
    const [cert, key] = [join(folder, 'app.crt'), join(folder, 'app.key')]
    const authority = createAuthority('agent')
    const own = createCertificate(authority, 'app', { hosts: ['app.test'] })
    const asked = (): Promise<string> => askSecurely(authority.cert, 'anna')
    try {
      writeFileSync(cert, own.cert)
      writeFileSync(key, own.key, { mode: 0o600 })
      await pod.tell(`secure 8443 ${cert} ${key}`)
      daemon = new TestDaemon('anna')
      await start()
      configure({ ...route(ANNA, 8443), tls: { files: [] } })
      await daemon.join(manager.circuit())
      await daemon.serve(['i1'])
      await daemon.attachedTo('i1')
      assert.equal(await asked(), 'app')
      const why = async (): Promise<string | undefined> => {
        while (manager.report?.routes[0]?.why === undefined) await once(manager.events, 'report')
        return manager.report?.routes[0]?.why
      }
      assert.match((await why()) ?? '', /^RC-E-330: .*CN=app/)
      configure({ ...route(ANNA, 8443), tls: { files: [key] } })
      while (manager.report?.generation !== generation) await once(manager.events, 'report')
      assert.equal(await asked(), 'laptop')
      assert.equal(await askSecurely(authority.cert, 'jane'), 'app')
      const [delivered] = daemon.delivered
      assert.deepEqual(delivered?.service === 'deliver' && delivered.tls, { servername: 'app.test' })
      agent.signal('SIGKILL')
      await agent.exited
      const stats = (): string =>
        pod.run('find', '/proc', '-maxdepth', '2', '-path', '/proc/[0-9]*/stat', '-exec', 'cat', '{}', '+')
      // What has ended may wait to be reaped by the app.
      assert.equal(
        await until(
          () =>
            stats()
              .match(/\((?:sh|dash|nft)\) [^Z]/g)
              ?.join() ?? '',
        ),
        '',
      )
    } finally {
      await pod.tell('close 8443')
      rmSync(folder, { recursive: true })
    }
  })

  test('what its user said of TLS is told to change nothing where clients speak plain text', async () => {
    daemon = new TestDaemon('anna')
    await start()
    const tls = { files: [], plaintext: true }
    configure({ ...route('', 8080), tls })
    await daemon.join(manager.circuit())
    const waiting = await manager.reported(({ routes }) => routes[0]?.why?.includes('is connected') === true)
    assert.match(waiting.routes[0]?.why ?? '', /has not said yet that it takes/)
    await daemon.serve(['i1'])
    await daemon.attachedTo('i1')
    assert.equal(await ask(POD, ''), 'laptop')
    const said = await manager.reported(({ routes }) => routes[0]?.why?.includes('RC-E-336') === true)
    assert.deepEqual(said.routes[0]?.now, 'laptop')
    assert.match(
      said.routes[0]?.why ?? '',
      /of port 8080 have spoken plain text so far, and options of TLS \(--plaintext\) are for nothing/,
    )
    configure(route('', 8080))
    const quiet = await manager.reported((report) => report.generation === generation)
    assert.equal(quiet.routes[0]?.why, undefined)
  })

  for (const mode of ['tproxy', 'redirect']) {
    test(`${mode}: requests that match go to the laptop, others to the app, by IPv4 and IPv6`, async () => {
      await attach(ANNA, '--takeover', mode)
      for (const host of [POD, POD_V6]) {
        assert.equal(await ask(host, 'anna'), 'laptop')
        assert.equal(await ask(host, 'jane'), 'app')
      }
      const [first] = daemon.delivered
      assert.equal(first?.service === 'deliver' && first.port, 8080)
    })

    test(`${mode}: a connection that was open before lives on`, async () => {
      const kept = new Agent({ keepAlive: true, maxSockets: 1 })
      try {
        assert.equal(await ask(POD, '', kept), 'app')
        await attach('', '--takeover', mode)
        assert.equal(await ask(POD, ''), 'laptop')
        assert.equal(await ask(POD, '', kept), 'app')
      } finally {
        kept.destroy()
      }
    })

    test(`${mode}: the agent's own port is not opened to neighbours`, async () => {
      await attach(ANNA, '--takeover', mode)
      const port = /(?:to|redirect to) :(\d+)/.exec(pod.run('nft', 'list', 'ruleset'))?.[1]
      await assert.rejects(ask(POD, 'anna', undefined, Number(port)), { code: 'ECONNRESET' })
    })
  }

  test('kill -9 gives the port back at once, and the table is gone', async () => {
    await attach('')
    assert.equal(await ask(POD, ''), 'laptop')
    agent.signal('SIGKILL')
    await agent.exited
    assert.equal(await ask(POD, ''), 'app')
    assert.equal(await until(() => pod.run('nft', 'list', 'tables')), '')
  })

  test('an agent that hangs loses the port after its 3 s', async () => {
    await attach('')
    agent.signal('SIGSTOP')
    const began = performance.now()
    while ((await ask(POD, '', undefined, 8080, 300).catch(() => 'nobody')) !== 'app') {
      assert.ok(performance.now() - began < 6000, 'the port is still taken')
    }
    agent.signal('SIGCONT')
    daemon.session?.close()
  })

  /** Helpers of agents, those too that have ended and wait to be reaped by the app. */
  const helpers = (): number =>
    pod
      .run('find', '/proc', '-maxdepth', '2', '-path', '/proc/[0-9]*/stat', '-exec', 'cat', '{}', '+')
      .match(/\((?:sh|dash|nft)\) /g)?.length ?? 0

  test('SIGTERM gives the port back at once; the agent ends when the connections that are open do, and reaps its helpers', async () => {
    const before = helpers()
    await attach('')
    assert.equal(helpers() - before, 3)
    const socket = connect(8080, POD).on('error', () => {})
    const asked = new Promise((resolve) => socket.once('data', resolve))
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await asked
    agent.signal('SIGTERM')
    const began = performance.now()
    while ((await ask(POD, '')) !== 'app') assert.ok(performance.now() - began < 3000, 'the port is still taken')
    assert.equal(isAlive(agent.pid), true)
    const answered = new Promise((resolve) => socket.once('data', resolve))
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.match(String(await answered), /HTTP\/1.1 200/)
    socket.destroy()
    assert.equal(await agent.exited, 0)
    assert.equal(helpers(), before)
  })

  test('a laptop that leaves gives the port back', async () => {
    await attach('')
    const released = manager.reported(({ routes }) => routes[0]?.now === 'app')
    manager.report = undefined
    daemon.session?.close()
    assert.equal((await released).routes[0]?.why, 'the laptop is not connected')
    assert.equal(await ask(POD, ''), 'app')
    assert.doesNotMatch(pod.run('nft', 'list', 'ruleset'), /elements/)
  })

  test('a port is taken only while the app listens on it, and not when only on loopback', async () => {
    await attach('')
    await pod.tell('close 8080')
    manager.report = undefined
    const { routes, listening } = await manager.reported((report) => report.routes[0]?.now === 'app')
    assert.match(routes[0]?.why ?? '', /nothing listens on port 8080/)
    assert.deepEqual(listening, [])
    await assert.rejects(ask(POD, ''), { code: 'ECONNREFUSED' })
    await pod.tell('listen :: 8080')
    await daemon.attachedTo('i1')
    await manager.reported((report) => report.routes[0]?.now === 'laptop')
    assert.equal(await ask(POD, ''), 'laptop')
    configure(route('', 8090))
    await manager.reported((report) => report.generation === generation)
    await assert.rejects(ask(POD, '', undefined, 8090), { code: 'ECONNREFUSED' })
  })

  test('managers gone, the routes stay; a manager that is back gets a report', async (t) => {
    await attach('')
    const { address } = manager
    // The laptop comes through another replica, which lives.
    const other = await TestManager.start(installation.identity('manager/m-1'), HOST)
    t.after(() => other.close())
    generation++
    const peers = { anna: daemon.identity.publicKey }
    manager.send({ generation, routes: [route('')], peers })
    manager.tell([address, other.address])
    await other.joined()
    daemon.session?.close()
    await daemon.join(other.circuit())
    await daemon.serve(['i1'])
    await daemon.attachedTo('i1')
    await manager.close()
    assert.equal(await ask(POD, ''), 'laptop')
    manager = await TestManager.start(installation.identity('manager/m-0'), address)
    const { routes } = await manager.reported((report) => report.generation === generation)
    assert.equal(routes[0]?.now, 'laptop')
    assert.equal(await ask(POD, ''), 'laptop')
  })

  test('a manager that the installation did not sign is refused', async () => {
    const wrong = await TestManager.start(createInstallation().identity('manager/m-0'), HOST)
    daemon = new TestDaemon('anna')
    await start('--managers', `${wrong.address},${manager.address}`)
    assert.equal(wrong.agent, undefined)
    await wrong.close()
  })

  test("the environment of the app's process is given to who holds the attachment, and to nobody else", async () => {
    await attach(ANNA)
    const opened = await daemon.session?.open({ service: 'environment', intercept: 'i1' })
    assert.ok(opened)
    const { env, cwd } = JSON.parse((await readAll(opened.stream)).toString())
    assert.equal(env.APP_SECRET, 'blue=1')
    assert.equal(cwd, process.cwd())
    await assert.rejects(async () => daemon.session?.open({ service: 'environment', intercept: 'i2' }), {
      code: 'forbidden',
    })
  })

  test('nft that ends is reported, and the agent ends for the next one', async () => {
    await attach('')
    const nft = /^(\d+) \(nft\) S/m.exec(pod.run('sh', '-c', 'cat /proc/[0-9]*/stat'))?.[1] ?? ''
    manager.report = undefined
    pod.run('kill', '-9', nft)
    const { error, routes } = await manager.reported((report) => report.error !== undefined)
    assert.match(error ?? '', /^RC-E-302: .*nft ended/)
    assert.equal(routes[0]?.now, 'app')
    assert.equal(await agent.exited, 1)
    assert.equal(await ask(POD, ''), 'app')
  })
})

/** The body that a request with this mark gets. */
function ask(host: string, mark: string, agent?: Agent, port = 8080, limitMs = 5000): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host, port, headers: { 'x-remocal': mark }, agent: agent ?? false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve(body))
    })
    request.setTimeout(limitMs, () => request.destroy(new Error('no answer')))
    request.on('error', reject)
  })
}

/** The same over TLS, by a client that verifies the app. */
function askSecurely(ca: string, mark: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: POD, port: 8443, ca, servername: 'app.test', agent: false, timeout: 20_000 }
    const request = https.get({ ...options, headers: { 'x-remocal': mark } }, async (response) => {
      resolve(Buffer.concat(await response.toArray()).toString())
    })
    request.on('timeout', () => request.destroy(new Error('no answer'))).on('error', reject)
  })
}

/** What `read` gives once it is empty, or after ten seconds. */
async function until(read: () => string): Promise<string> {
  const end = performance.now() + 10_000
  let text = read()
  while (text !== '' && performance.now() < end) {
    await delay(20)
    text = read()
  }
  return text
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
