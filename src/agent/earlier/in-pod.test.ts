/** Connections from before, with a whole agent in a pod's namespaces and the real kernel. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, type ClientRequest, get } from 'node:http'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Route } from '../../wire/messages/control.ts'
import { TestDaemon } from '../fixtures/daemon.ts'
import { inNamespace } from '../fixtures/in-namespace.ts'
import { createInstallation, TestManager } from '../fixtures/manager.ts'
import { HOST, POD, POD_V6, type PodProcess, TestPod } from '../fixtures/pod.ts'

inNamespace(import.meta.filename, () => {
  const installation = createInstallation()
  let pod: TestPod
  let manager: TestManager
  let agent: PodProcess
  let daemon: TestDaemon
  let generation = 0
  let killed = false

  before(async () => {
    pod = await TestPod.start()
    await pod.tell('listen :: 8080')
  })
  after(() => pod.close())
  beforeEach(async () => {
    manager = await TestManager.start(installation.identity('manager/m-0'), HOST)
    daemon = new TestDaemon('anna')
  })
  afterEach(async () => {
    daemon.session?.close()
    if (!killed) agent.signal('SIGKILL')
    killed = false
    await agent.exited
    await manager.close()
  })

  const configure = (more: Partial<Route>): void => {
    generation++
    const route: Route = {
      ...{ intercept: 'i1', name: 'shop/orders-anna', mode: 'intercept', session: 'anna', owner: 'anna' },
      ...{ ports: [8080], filter: '', priority: 0 },
    }
    manager.send({ generation, routes: [{ ...route, ...more }], peers: { anna: daemon.identity.publicKey } })
  }
  const attach = async (more: Partial<Route>): Promise<void> => {
    agent = await pod.agent([
      ...['--namespace', 'shop', '--pod', 'orders-1', '--pod-uid', 'u', '--container', 'remocal-1', '--target', 'app'],
      ...['--installation-key', installation.publicKey, '--managers', manager.address, '--managers-name', 'none:1'],
    ])
    await manager.joined()
    configure(more)
    await daemon.join(manager.circuit())
    await daemon.serve(['i1'])
    await daemon.attachedTo('i1')
  }
  const counted = async (connections: number): Promise<void> => {
    while (daemon.earlier?.connections !== connections) await once(daemon.events, 'earlier')
  }
  /** Runs of the helper in the pod. Its shell has the same words, so only Node is counted. */
  const helpers = (): number => {
    const programs = pod.run('sh', '-c', 'for f in /proc/[0-9]*/cmdline; do tr "\\0" " " < $f; echo; done').split('\n')
    return programs.filter((line) => /^\S*node\b.*--reopen/.test(line)).length
  }

  test('stay with the app and are counted; those of the agent are not', async () => {
    const kept = [new Kept(POD), new Kept(POD), new Kept(POD_V6)]
    try {
      for (const one of kept) assert.equal(await one.ask(), 'app')
      await attach({})
      assert.deepEqual(daemon.earlier, { kind: 'earlier', intercept: 'i1', connections: 3, ends: false })
      const taken = new Kept(POD)
      assert.equal(await taken.ask(), 'laptop')
      kept[0]?.close()
      await counted(2)
      for (const one of kept.slice(1)) assert.equal(await one.ask(), 'app')
      taken.close()
    } finally {
      for (const one of kept) one.close()
    }
    await counted(0)
  })

  test('are ended when they are quiet where that is wished; no request fails, and what is under way is answered by the app', async () => {
    const idle = [new Kept(POD), new Kept(POD), new Kept(POD_V6)]
    const busy = new Kept(POD)
    try {
      for (const one of [...idle, busy]) assert.equal(await one.ask(), 'app')
      const answers: string[] = []
      const answered = (async () => {
        // Each follows on an answer at once, and takes longer than what counts as quiet.
        for (let n = 0; n < 3; n++) answers.push(await busy.ask(), await busy.ask('/?ms=4500'))
      })()
      await attach({ reopen: true })
      assert.deepEqual(daemon.earlier, { kind: 'earlier', intercept: 'i1', connections: 4, ends: true })
      while ((daemon.earlier?.connections ?? 0) > 1) {
        // Whether the kernel's clock tells who spoke last is chance.
        for (const one of idle) if (one.sockets.size === 1) await one.ask()
        await Promise.race([once(daemon.events, 'earlier'), delay(4500)])
      }
      for (const one of idle) assert.equal(await one.ask(), 'laptop')
      await answered
      assert.deepEqual(new Set(answers), new Set(['app']))
      assert.equal(busy.sockets.size, 1)
      await counted(0)
      assert.equal(await busy.ask(), 'laptop')
      await until(() => helpers() === 0)
    } finally {
      for (const one of [...idle, busy]) one.close()
    }
  })

  test('the helper ends when nobody wants it any more, and with the agent', async () => {
    const kept = new Kept(POD)
    try {
      assert.equal(await kept.ask(), 'app')
      const slow = kept.ask('/?ms=8000')
      await attach({ reopen: true })
      await until(() => helpers() === 1)
      configure({})
      await until(() => helpers() === 0)
      while (daemon.earlier?.ends !== false) await once(daemon.events, 'earlier')
      configure({ reopen: true })
      await until(() => helpers() === 1)
      agent.signal('SIGKILL')
      killed = true
      await agent.exited
      await until(() => helpers() === 0)
      assert.equal(await slow, 'app')
    } finally {
      kept.close()
    }
  })
})

/** Resolves when it is so; rejects after ten seconds. */
async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !isSo(); await delay(50))
    assert.ok(performance.now() < end, 'not within 10 s')
}

/** A client that keeps one connection. */
class Kept {
  readonly #host: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  /** Sockets that its requests went over. */
  readonly sockets = new Set<object>()

  constructor(host: string) {
    this.#host = host
  }

  /** The body of an answer. */
  ask(path = '/'): Promise<string> {
    return new Promise((resolve, reject) => {
      const request: ClientRequest = get({ host: this.#host, port: 8080, path, agent: this.#agent }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('end', () => resolve(body)).on('error', reject)
      })
      request.on('socket', (socket) => this.sockets.add(socket)).on('error', reject)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
