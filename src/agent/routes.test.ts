import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../lib/fake-clock.ts'
import { requestOf } from '../lib/filter/fixtures/request.ts'
import type { FilterRequest } from '../lib/filter/request.ts'
import type { AgentConfig, Route } from '../wire/messages/control.ts'
import type { OpenOptions, PeerKey, Session, Stream } from '../wire/session/contract.ts'
import type { Laptop } from './laptops.ts'
import { FINISH_MS } from './led.ts'
import { Routes } from './routes.ts'
import type { ClientHello } from './tls/client-hello.ts'

test('the first route that matches wins; what nobody wants goes to the app', async () => {
  const { routes, serve } = laptops()
  await routes.apply(config(1, [route('a', 'request.path == "/a"'), route('b', ''), route('c', '')]))
  for (const name of ['a', 'b', 'c']) serve(name)
  assert.equal(keyOf(routes.decide(80, request('/a')).choice), 'a key of a')
  assert.equal(keyOf(routes.decide(80, request('/x')).choice), 'b key of b')
  assert.equal(routes.decide(81, request('/a')).choice.to, 'app')
  assert.deepEqual(routes.counts, { app: 1, laptop: 2, refused: 0, unheard: 0, declined: 0, unread: 0 })
})

test('a route counts only while its laptop serves it', async () => {
  const { routes, serve, leave } = laptops()
  await routes.apply(config(1, [route('a', ''), route('b', '')]))
  assert.equal(routes.wanted(80), false)
  serve('b')
  assert.equal(keyOf(routes.decideRaw(80)), 'b key of b')
  serve('a')
  assert.equal(keyOf(routes.decideRaw(80)), 'a key of a')
  assert.deepEqual(
    routes.active().map(({ intercept }) => intercept),
    ['a', 'b'],
  )
  leave('a')
  leave('b')
  assert.equal(routes.decideRaw(80).to, 'app')
})

test('a connection that is not HTTP goes to whoever has everything, past personal routes', async () => {
  const { routes, serve } = laptops()
  await routes.apply(config(1, [route('a', 'request.path == "/"'), route('b', '')]))
  serve('a')
  assert.equal(routes.decideRaw(80).to, 'app')
  serve('b')
  assert.equal(keyOf(routes.decideRaw(80)), 'b key of b')
})

test("the kubelet's probes go to the app: its name and what the pod's spec says, both", async () => {
  const { routes, serve } = laptops()
  await routes.apply({ ...config(1, [route('a', '')]), probes: [{ port: 80, path: '/ready?full=1' }] })
  serve('a')
  const kubelet = { 'user-agent': 'kube-probe/1.33' }
  assert.equal(routes.decide(80, request('/ready', kubelet)).choice.to, 'app')
  assert.equal(routes.decide(80, request('/ready')).choice.to, 'laptop')
  assert.equal(routes.decide(80, request('/other', kubelet)).choice.to, 'laptop')
})

test('a config with a filter that does not compile is rejected whole', async () => {
  const { routes, serve } = laptops()
  await routes.apply(config(1, [route('a', '')]))
  serve('a')
  await assert.rejects(
    routes.apply(config(2, [route('b', ''), route('c', 'request.')])),
    /filter of shop\/c is not valid/,
  )
  assert.equal(routes.config?.generation, 1)
  assert.equal(keyOf(routes.decideRaw(80)), 'a key of a')
})

test('a config is taken only when it is newer; the epoch counts before the generation', async () => {
  const { routes } = laptops()
  assert.equal(await routes.apply(config(7, [])), true)
  assert.equal(await routes.apply(config(7, [])), false)
  assert.equal(await routes.apply(config(6, [])), false)
  assert.equal(await routes.apply({ ...config(1, []), epoch: 2 }), true)
  assert.equal(await routes.apply({ ...config(99, []), epoch: 1 }), false)
  assert.deepEqual([routes.config?.epoch, routes.config?.generation], [2, 1])
})

test('what is under way when a route goes, or may not look into TLS any more, has ten seconds', async () => {
  const { routes, serve, clock, reset, over } = laptops()
  const secure = (name: string): Route => ({ ...route(name, ''), ports: [name.charCodeAt(0)], tls: { files: [] } })
  await routes.apply(config(1, [secure('a'), secure('b'), secure('c')]))
  for (const name of ['a', 'b', 'c']) {
    serve(name)
    const choice = routes.decideRaw(name.charCodeAt(0), { secure: { servername: '', protocol: undefined } })
    assert.ok(choice.to === 'laptop')
    await choice.open(Buffer.alloc(0), '', new AbortController().signal)
    await choice.open(Buffer.alloc(0), '', new AbortController().signal)
  }
  over[0]?.()
  const { tls, ...plain } = secure('b')
  assert.ok(tls !== undefined)
  await routes.apply(config(2, [plain, secure('c')]))
  assert.equal(
    routes.decideRaw(98, { secure: { servername: '', protocol: undefined } }).to,
    'app',
    'nothing new out of TLS',
  )
  clock.advance(FINISH_MS - 1)
  assert.deepEqual(reset, [])
  clock.advance(1)
  assert.deepEqual(reset, ['a 2', 'b 1', 'b 2'])
  await routes.apply(config(3, [plain]))
  routes.close()
  clock.advance(FINISH_MS)
  assert.deepEqual(reset.length, 3)
})

test('of two configs that are taken at once the newer one stays', async () => {
  const { routes } = laptops()
  const taken = await Promise.all([
    routes.apply(config(2, [route('b', '')])),
    routes.apply(config(1, [route('a', '')])),
  ])
  assert.deepEqual([taken, routes.config?.generation], [[true, false], 2])
})

test('a wiretap gets its copies beside whoever answers, through other configs by the same copier', async () => {
  const { routes, serve, begun } = laptops()
  const wiretap: Route = {
    ...route('w', 'request.path == "/a"'),
    mode: 'wiretap',
    copies: { percent: 100, diff: false },
  }
  await routes.apply(config(1, [wiretap, route('a', '')]))
  serve('a')
  assert.equal(routes.decide(80, request('/a')).copiers.length, 0)
  serve('w')
  const { choice, copiers } = routes.decide(80, request('/a'))
  assert.equal(keyOf(choice), 'a key of a')
  for (const copier of copiers) copier.begin('10.0.0.9:1')
  assert.deepEqual(begun, ['w 10.0.0.9:1'])
  assert.equal(routes.decide(80, request('/b')).copiers.length, 0)
  await routes.apply(config(2, [wiretap]))
  const later = routes.decide(80, request('/a'))
  assert.equal(later.choice.to, 'app')
  assert.equal(later.copiers[0], copiers[0])
  assert.equal(keyOf(routes.decideRaw(80)), undefined)
})

test('what a filter could not be asked is counted, through other configs too', async () => {
  const { routes, serve } = laptops()
  const one = route('a', 'int(request.headers["x-n"]) > 1')
  await routes.apply(config(1, [one]))
  serve('a')
  assert.equal(routes.decide(80, request('/')).choice.to, 'app')
  await routes.apply(config(2, [route('b', ''), one]))
  assert.equal(routes.decide(80, request('/', { 'x-n': 'x' })).choice.to, 'app')
  assert.equal(routes.decide(80, request('/', { 'x-n': '2' })).choice.to, 'laptop')
  assert.deepEqual(routes.filterCounts(one), { exceeded: 0, failed: 2 })
  const slow = route('a', 'request.path.split("").exists(a, request.path.split("").exists(b, a + b == "yz"))')
  await routes.apply(config(3, [slow]))
  assert.equal(routes.decide(80, request(`/${'a'.repeat(9000)}`)).choice.to, 'app')
  assert.deepEqual(routes.filterCounts(slow), { exceeded: 1, failed: 0 })
})

const hello = (servername: string): ClientHello => ({ servername, protocols: [] })
const inside = (name: string, filter: string, files: string[] = []): Route => ({
  ...route(name, filter),
  tls: { files },
})

test('TLS is looked into for those who may, and only where they have to see what is in it', async () => {
  const { routes, serve } = laptops()
  const wants = async (...some: Route[]): Promise<readonly string[] | undefined> => {
    await routes.apply(config((routes.config?.generation ?? 0) + 1, some))
    return routes.wantsInside(80, hello('shop.example'))
  }
  const path = 'request.path == "/a"'
  for (const name of ['a', 'b', 'c']) serve(name)
  assert.equal(await wants(route('a', path)), undefined)
  assert.deepEqual(await wants(inside('a', path, ['/k']), inside('b', path, ['/k', '/l'])), ['/k', '/l'])
  assert.equal(await wants(inside('away', path)), undefined)
  assert.equal(await wants(inside('a', '')), undefined)
  assert.deepEqual(await wants({ ...route('a', ''), tls: { files: [], plaintext: true } }), [])
  assert.equal(await wants(inside('a', 'request.sni == "shop.example"')), undefined)
  // Whoever comes first has the connection.
  assert.equal(await wants(inside('a', 'request.sni == "shop.example"'), inside('b', path)), undefined)
  assert.deepEqual(await wants(inside('a', 'request.sni == "other"'), inside('b', path)), [])
  assert.deepEqual(await wants(inside('a', path), route('b', '')), [])
  // Copies are in nobody's way.
  const copies: Route = { ...inside('c', ''), mode: 'wiretap', copies: { percent: 100, diff: false } }
  assert.deepEqual(await wants(inside('a', ''), copies), [])
  assert.equal(await wants(route('a', ''), copies), undefined)
})

test('what is in TLS is for nobody who may not look into it', async () => {
  const { routes, serve } = laptops()
  const copies: Route = { ...route('w', ''), mode: 'wiretap', copies: { percent: 100, diff: false } }
  await routes.apply(
    config(1, [route('a', 'request.path == "/a"'), inside('b', 'request.path.startsWith("/")'), copies]),
  )
  for (const name of ['a', 'b', 'w']) serve(name)
  const secure: FilterRequest = requestOf({ target: '/a', sni: 'shop' })
  const decided = routes.decide(80, secure)
  assert.equal(keyOf(decided.choice), 'b key of b')
  assert.equal(decided.copiers.length, 0)
  assert.equal(routes.decide(80, secure, new Set(['b key of b'])).choice.to, 'app')
  const plain = routes.decide(80, request('/a'))
  assert.equal(keyOf(plain.choice), 'a key of a')
  assert.equal(plain.copiers.length, 1)
})

test('whole connections go by their server name, not to programs that speak no TLS', async () => {
  const { routes, serve } = laptops()
  const plaintext = { files: [], plaintext: true }
  await routes.apply(
    config(1, [
      { ...route('p', ''), tls: plaintext },
      route('a', 'request.sni == "a"'),
      route('b', 'request.sni.startsWith("b.")'),
    ]),
  )
  for (const name of ['p', 'a', 'b']) serve(name)
  const to = (servername: string, without?: ReadonlySet<string>): string | undefined =>
    keyOf(routes.decideRaw(80, { hello: hello(servername), ...(without && { without }) }))
  assert.equal(to('a'), 'a key of a')
  assert.equal(to('b.shop'), 'b key of b')
  assert.equal(to('c'), undefined)
  assert.equal(to('a', new Set(['a key of a'])), undefined)
  assert.equal(keyOf(routes.decideRaw(80)), 'p key of p')
  assert.equal(keyOf(routes.decideRaw(80, { secure: { servername: 'a', protocol: undefined } })), 'p key of p')
})

test('a watch is shown every request but probes, takes none, and sees nothing while its laptop is away', async () => {
  const { routes, serve, leave, watched } = laptops()
  const watch: Route = { ...route('w', ''), mode: 'watch', watch: { mark: 'm', trace: 't', from: [] } }
  await routes.apply({
    ...config(1, [watch, route('a', 'request.path == "/a"')]),
    probes: [{ port: 80, path: '/ready' }],
  })
  assert.equal(routes.decide(80, request('/x')).choice.to, 'app')
  assert.equal(routes.wanted(80), false)
  serve('w')
  assert.equal(routes.wanted(80), true)
  serve('a')
  const { choice, copiers } = routes.decide(80, request('/a'))
  assert.equal(keyOf(choice), 'a key of a')
  assert.equal(copiers.length, 0)
  assert.equal(routes.decide(80, request('/x')).choice.to, 'app')
  routes.decide(80, request('/ready', { 'user-agent': 'kube-probe/1.33' }))
  routes.decide(81, request('/elsewhere'))
  assert.equal(routes.decideRaw(80).to, 'app')
  leave('w')
  routes.decide(80, request('/late'))
  assert.deepEqual(watched, ['w /a', 'w /x', 'w unread'])
})

test('a watch sees into TLS only with its own right, and else is told whose it was, whoever it is ended for', async () => {
  const { routes, serve, watched } = laptops()
  const about = { mode: 'watch' as const, watch: { mark: 'm', trace: 't', from: [] } }
  const sees: Route = { ...route('sees', ''), ...about, tls: { files: [] } }
  const blind: Route = { ...route('blind', ''), ...about }
  await routes.apply(config(1, [blind, sees]))
  serve('blind')
  assert.equal(routes.wantsInside(80, hello('shop')), undefined)
  serve('sees')
  assert.deepEqual(routes.wantsInside(80, hello('shop')), [])
  routes.decide(80, requestOf({ target: '/a', sni: 'shop' }))
  assert.deepEqual(watched.splice(0).toSorted(), ['blind closed to 10.1.2.3', 'sees /a'])
  routes.decideRaw(80, { hello: hello('shop'), from: '10.0.0.7' })
  routes.decideRaw(80, { hello: { servername: 'shop', protocols: ['postgresql'] }, from: '10.0.0.8' })
  routes.decideRaw(80, { from: '10.0.0.9' })
  assert.deepEqual(
    watched.filter((line) => line.startsWith('sees')),
    ['sees unread', 'sees closed to 10.0.0.7', 'sees unread', 'sees unread'],
  )
})

test('what is delivered names the attachment, the port and the client', async () => {
  const { routes, serve } = laptops()
  await routes.apply(config(1, [route('a', '')]))
  const { opened } = serve('a')
  const choice = routes.decideRaw(80)
  assert.ok(choice.to === 'laptop')
  await choice.open(Buffer.from('x'), '10.0.0.9:4711', new AbortController().signal)
  assert.deepEqual(opened, [{ service: 'deliver', intercept: 'a', port: 80, from: '10.0.0.9:4711' }])
})

function keyOf(choice: ReturnType<Routes['decideRaw']>): string | undefined {
  return choice.to === 'laptop' ? choice.key : undefined
}

/** Routes whose laptops come and go; each holds the Session of its attachment's name. */
function laptops(): {
  routes: Routes
  serve(intercept: string): { opened: object[] }
  leave(intercept: string): void
  /** Copies that were begun: attachment and client. */
  begun: string[]
  clock: FakeClock
  /** Streams that were reset: attachment and number. */
  reset: string[]
  /** Ends a stream in order, of all in the order in which they were opened. */
  over: (() => void)[]
  /** What watches were shown: attachment and path. */
  watched: string[]
} {
  const serving = new Map<string, Laptop>()
  const begun: string[] = []
  const watched: string[] = []
  const clock = new FakeClock()
  const reset: string[] = []
  const over: (() => void)[] = []
  const routes = new Routes({
    clock,
    serving: (session, intercept) => (session === `session-${intercept}` ? serving.get(intercept) : undefined),
    source: async (ip) => ({ ip, pod: '', namespace: '' }),
    copier: ({ intercept }) => ({ begin: (from) => void begun.push(`${intercept} ${from}`) }),
    watcher: ({ intercept }) => ({
      see: ({ path }) => void watched.push(`${intercept} ${path}`),
      unread: () => void watched.push(`${intercept} unread`),
      closed: (from) => void watched.push(`${intercept} closed to ${from}`),
    }),
  })
  return {
    routes,
    clock,
    reset,
    over,
    begun,
    watched,
    serve(intercept) {
      const opened: object[] = []
      const peer: PeerKey = { publicKey: `key of ${intercept}`, signedBy: () => false, subject: '' }
      const session: Pick<Session, 'peer' | 'open'> = {
        peer,
        async open(header, { onOver }: OpenOptions = {}) {
          opened.push(header)
          const number = opened.length
          over.push(() => onOver?.())
          const stream: Pick<Stream, 'reset'> = { reset: () => void reset.push(`${intercept} ${number}`) }
          return { stream: stream as Stream, reply: { ok: true } }
        },
      }
      const name = `session-${intercept}`
      serving.set(intercept, {
        name,
        session: session as Session,
        serves: new Set([intercept]),
        left: new Set(),
        watch: () => () => {},
        attached() {},
        tell() {},
      })
      return { opened }
    },
    leave: (intercept) => void serving.delete(intercept),
  }
}

function route(intercept: string, filter: string): Route {
  const session = `session-${intercept}`
  return {
    intercept,
    name: `shop/${intercept}`,
    mode: 'intercept',
    session,
    owner: 'o',
    ports: [80],
    filter,
    priority: 0,
  }
}

function config(generation: number, routes: Route[]): AgentConfig {
  const none = { peers: {}, probes: [], cidrs: [], denied: [] }
  return { kind: 'config', epoch: 1, generation, routes, ...none }
}

function request(path: string, headers: Record<string, string> = {}): FilterRequest {
  return requestOf({ target: path, headers })
}
