/**
 * Calls of several people by gRPC, run by Node in a pod or on a laptop (`scenarios/grpc-people.test.ts` starts it and reads what it prints).
 *
 * ROLE=server PORT=n WHO=name  services `shop.v1.Orders` and `shop.v1.Stock`: each message of an answer says the name, the path, and what was said. `Get`, `List`: unary; `Follow`: three
 *                              messages; `Talk`: as many as come.
 * ROLE=client HOST RULES       CHANNELS connections, on each of them CALLS calls at a time, one after the other; what a call says is drawn by lot. RULES are `{who, stable, service?, method?,
 *                              header?: [name, value]}` in their order: the first that matches answers. One that is not stable may be away. Each second it prints `RESULT {...}` of all so far.
 * ROLE=seldom HOST USER        CHANNELS connections, on each a call every four seconds or so with `x-user: USER`; of each a line: channel, who answered.
 */
import { once } from 'node:events'
import { Client, credentials, Metadata, Server, ServerCredentials } from '@grpc/grpc-js'
import { check, draw, lost, report, result, rules, say } from './rules.js'

const { env } = process
const SERVICES = ['shop.v1.Orders', 'shop.v1.Stock']
const METHODS = ['Get', 'List', 'Follow', 'Talk']
const FOLLOWED = 3
const same = (message) => message
const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function serve() {
  const server = new Server()
  for (const service of SERVICES) {
    const path = (method) => `/${service}/${method}`
    const answer = (method, said) => Buffer.from(JSON.stringify({ who: env.WHO, path: path(method), said }))
    const trailer = () => {
      const made = new Metadata()
      made.set('x-who', env.WHO)
      return made
    }
    const codings = {
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    }
    const definition = Object.fromEntries(
      METHODS.map((method) => [
        method,
        {
          path: path(method),
          requestStream: method === 'Talk',
          responseStream: method === 'Talk' || method === 'Follow',
          ...codings,
        },
      ]),
    )
    const unary = (method) => (call, done) => done(null, answer(method, call.request.length), trailer())
    server.addService(definition, {
      Get: unary('Get'),
      List: unary('List'),
      async Follow(call) {
        for (let count = 0; count < FOLLOWED; count++) {
          call.write(answer('Follow', count))
          await delay(10)
        }
        call.end(trailer())
      },
      Talk(call) {
        call.on('data', (message) => call.write(answer('Talk', message.length)))
        call.on('end', () => call.end(trailer())).on('error', () => {})
      },
    })
  }
  server.bindAsync(`0.0.0.0:${env.PORT}`, ServerCredentials.createInsecure(), (error) => {
    if (error) throw error
    say('SERVING')
  })
}

/** Each with a connection of its own. */
const open = () => new Client(env.HOST, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })

/** Each rule is met by a part of them. */
function make() {
  const headers = {}
  for (const { header } of rules) if (header !== undefined && draw(true, false)) headers[header[0]] = header[1]
  return { service: draw(...SERVICES), method: draw(...METHODS), headers, length: draw(0, 10, 20_000) }
}

const meets = (rule, { service, method, headers }) =>
  (rule.header === undefined || headers[rule.header[0]] === rule.header[1]) &&
  (rule.service === undefined || rule.service === service) &&
  (rule.method === undefined || rule.method === method)

/** Rejects when it does not end well. @returns all that was answered, and the last words */
async function call(client, { service, method, headers, length }) {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  const path = `/${service}/${method}`
  const message = Buffer.alloc(length, 'x')
  const options = { deadline: Date.now() + 20_000 }
  const answers = []
  const hear = (bytes) => answers.push(JSON.parse(bytes.toString()))
  if (method === 'Get' || method === 'List') {
    const { promise, resolve, reject } = Promise.withResolvers()
    const done = (error, bytes) => (error ? reject(error) : resolve(hear(bytes)))
    const made = client.makeUnaryRequest(path, same, same, message, metadata, options, done)
    const [[status]] = await Promise.all([once(made, 'status'), promise])
    return { answers, status }
  }
  const made =
    method === 'Follow'
      ? client.makeServerStreamRequest(path, same, same, message, metadata, options)
      : client.makeBidiStreamRequest(path, same, same, metadata, options)
  const status = once(made, 'status')
  status.catch(() => {})
  made.on('data', hear)
  if (method === 'Talk') {
    for (let turn = 0; turn < FOLLOWED; turn++) {
      made.write(message)
      await once(made, 'data')
    }
    made.end()
  }
  await once(made, 'end')
  return { answers, status: (await status)[0] }
}

function judge(request, { answers, status }) {
  const { service, method, length } = request
  const [first = { who: 'nobody' }] = answers
  const unary = method === 'Get' || method === 'List'
  const isRight =
    answers.length === (unary ? 1 : FOLLOWED) &&
    answers.every(
      ({ who, path, said }, at) =>
        who === first.who && path === `/${service}/${method}` && said === (method === 'Follow' ? at : length),
    ) &&
    `${status.metadata.get('x-who')}` === first.who
  check(request, first, (rule) => meets(rule, request), isRight)
}

async function keepCalling(client) {
  for (;;) {
    const request = make()
    result.asked++
    try {
      judge(request, await call(client, request))
    } catch (error) {
      lost(request, error)
    }
    await delay(100)
  }
}

async function callSeldom(number) {
  const client = open()
  for (;;) {
    const request = { service: 'shop.v1.Orders', method: 'List', headers: { 'x-user': env.USER }, length: 10 }
    const who = await call(client, request).then(
      ({ answers }) => answers[0]?.who,
      (error) => `failed: ${error.message}`,
    )
    say('ANSWER', number, who)
    await delay(4200 + Math.random() * 500)
  }
}

const channels = Array.from({ length: Number(env.CHANNELS ?? 0) }, (_, number) => number)
if (env.ROLE === 'server') serve()
else if (env.ROLE === 'seldom') for (const number of channels) void callSeldom(number)
else {
  report()
  for (const _ of channels) {
    const client = open()
    for (let index = 0; index < Number(env.CALLS); index++) void keepCalling(client)
  }
}
