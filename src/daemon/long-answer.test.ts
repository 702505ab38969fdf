import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface, type Interface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fault } from '../diagnose/catalogue.ts'
import type { Fault } from '../lib/fault.ts'
import type { Holding } from './calls/context.ts'
import { LongAnswers } from './long-answer.ts'

const NAME = 'orders-1'

interface Made {
  answers: LongAnswers
  /** The call has begun, and goes on in spite of its signal. */
  begun: Promise<AbortSignal>
  finish(): void
  lose(reason: Fault): void
  ended: Promise<void>
  hasEnded(): boolean
  request: http.ClientRequest
  lines: Promise<Interface>
  /** The server has seen the caller go. */
  gone: Promise<unknown>
}

/** One call of a server that makes something which may stay. */
async function ask(context: TestContext): Promise<Made> {
  const answers = new LongAnswers({ faultOf: (error) => error as Fault })
  const begun = Promise.withResolvers<AbortSignal>()
  const made = Promise.withResolvers<void>()
  const lost = Promise.withResolvers<Fault>()
  const ended = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  let hasEnded = false
  const holding: Holding<unknown> = {
    result: { name: NAME },
    lost: lost.promise,
    stays: NAME,
    async end() {
      hasEnded = true
      ended.resolve()
    },
  }
  const server = createServer((_request, response) => {
    response.on('close', gone.resolve)
    void answers.answer(response, async (signal) => {
      begun.resolve(signal)
      await made.promise
      return holding
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const request = http.request({ port: (server.address() as AddressInfo).port, agent: false }).on('error', () => {})
  const lines = once(request, 'response').then(([response]) =>
    createInterface({ input: response }).on('error', () => {}),
  )
  request.end()
  context.after(() => {
    request.destroy()
    server.close()
  })
  return {
    ...{
      answers,
      begun: begun.promise,
      finish: made.resolve,
      lose: lost.resolve,
      ended: ended.promise,
      request,
      lines,
    },
    ...{ hasEnded: () => hasEnded, gone: gone.promise },
  }
}

test('what was made for a caller who went meanwhile is taken away', async (context) => {
  const { begun, lines, request, gone, finish, ended, answers } = await ask(context)
  await Promise.all([begun, lines])
  request.destroy()
  await gone
  finish()
  await ended
  assert.equal(answers.keep(NAME), false)
})

test('what was told to a caller who goes without keeping it is taken away', async (context) => {
  const { finish, lines, request, ended } = await ask(context)
  finish()
  const [line] = await once(await lines, 'line')
  assert.deepEqual(JSON.parse(line), { kind: 'done', result: { name: NAME } })
  request.destroy()
  await ended
})

test('what is kept stays when its caller goes', async (context) => {
  const { finish, lines, answers, hasEnded, gone } = await ask(context)
  finish()
  const reader = await lines
  await once(reader, 'line')
  assert.equal(answers.keep(NAME), true)
  await Promise.all([once(reader, 'close'), gone])
  assert.equal(hasEnded(), false)
  assert.equal(answers.keep(NAME), false)
})

test('what ends before it is kept is told with its reason, and cannot be kept', async (context) => {
  const { finish, lines, answers, lose } = await ask(context)
  finish()
  const reader = await lines
  await once(reader, 'line')
  lose(fault('RC-I-208', 'It was left.', []))
  const [line] = await once(reader, 'line')
  assert.equal(JSON.parse(line).fault.code, 'RC-I-208')
  assert.equal(answers.keep(NAME), false)
})

test('a caller who went before the call began has nothing made', async () => {
  const answers = new LongAnswers({ faultOf: (error) => error as Fault })
  const response = new http.ServerResponse(new http.IncomingMessage(new (await import('node:net')).Socket()))
  response.destroy()
  let called = false
  await answers.answer(response, async () => {
    called = true
    throw new Error('called')
  })
  assert.equal(called, false)
})
