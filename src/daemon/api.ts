/** HTTP over the unix socket: one POST a call. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { fault } from '../diagnose/catalogue.ts'
import type { HelloResult, KeepResult, StatusResult, Target } from '../lib/daemon-api.ts'
import { Fault } from '../lib/fault.ts'
import type { Logger } from '../lib/logger.ts'
import { VERSION } from '../lib/version.ts'
import { connect } from './calls/connect.ts'
import type { CallContext, Holding, Teller } from './calls/context.ts'
import { intercept } from './calls/intercept.ts'
import { leave } from './calls/leave.ts'
import { list } from './calls/list.ts'
import { run } from './calls/run.ts'
import { settle } from './calls/settle.ts'
import { status } from './calls/status.ts'
import { tally } from './calls/tally.ts'
import { verify } from './calls/verify.ts'
import { wiretap } from './calls/wiretap.ts'
import { closedSignal, LongAnswers } from './long-answer.ts'

const MAX_BODY_BYTES = 1024 * 1024

export interface ApiOptions extends CallContext {
  logger: Logger
  /** Whether the daemon has begun to end by itself: it does nothing more, and the next one answers. */
  isEnding(): boolean
  /** Ends the daemon after its answer. @returns how many attachments it ended */
  quit(): Promise<number>
}

type Body = Record<string, unknown> & { target: Target }
type Short = (body: Body, signal: AbortSignal) => unknown
type Long = (body: Body, signal: AbortSignal, tell: Teller) => Promise<Holding<unknown>>

/** A server that answers the CLI; the caller makes it listen. */
export function createApi(options: ApiOptions): Server {
  const { clusters, logger } = options
  const startedAt = performance.now()
  const hello = (): HelloResult => ({
    version: VERSION,
    pid: process.pid,
    uptimeMs: performance.now() - startedAt,
    attachments: clusters.attachments,
  })
  const answers = new LongAnswers({ faultOf: (error) => asFault(error, logger) })
  const short: Record<string, Short> = {
    '/v1/hello': hello,
    '/v1/connect': (body, signal) => connect(options, body, signal),
    '/v1/list': (body, signal) => list(options, body as never, signal),
    '/v1/leave': (body) => leave(options, body),
    '/v1/disconnect': ({ target }) => {
      clusters.disconnect(target)
      return {}
    },
    '/v1/tally': (body) => tally(options, body as never),
    '/v1/keep': ({ name }): KeepResult => ({ kept: answers.keep(String(name)) }),
    '/v1/settle': (body) => settle(options, body),
    '/v1/status': (body): StatusResult => ({ daemon: hello(), clusters: status(options, body as never) }),
    '/v1/quit': async () => ({ left: await options.quit() }),
  }
  const long: Record<string, Long> = {
    '/v1/intercept': (body, signal, tell) => intercept(options, body as never, signal, tell),
    '/v1/wiretap': (body, signal, tell) => wiretap(options, body as never, signal, tell),
    '/v1/verify': (body, signal, tell) => verify(options, body as never, signal, tell),
    '/v1/run': (body, signal) => run(options, body as never, signal),
  }
  return createServer(async (request, response) => {
    const path = request.url ?? ''
    if (options.isEnding()) {
      response.writeHead(503).end()
      return
    }
    try {
      refuseOtherVersion(request, path)
      const body = await readBody(request)
      const call = long[path]
      if (call !== undefined) await answers.answer(response, (signal, tell) => call(body, signal, tell))
      else if (short[path] !== undefined) await answerShort(response, body, short[path])
      else throw fault('RC-L-199', `The daemon has no call ${path}.`)
    } catch (error) {
      const known = asFault(error, logger)
      if (response.headersSent) response.destroy()
      else response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(known))
    }
  })
}

function refuseOtherVersion({ headers }: IncomingMessage, path: string): void {
  const theirs = headers['x-remocal-version']
  if (theirs === VERSION || path === '/v1/hello' || path === '/v1/quit') return
  throw fault('RC-L-102', `The daemon is version ${VERSION}, the command ${theirs ?? 'of an unknown one'}.`, [
    'remocal quit',
  ])
}

async function answerShort(response: ServerResponse, body: Body, call: Short): Promise<void> {
  const result = await call(body, closedSignal(response))
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result))
}

async function readBody(request: IncomingMessage): Promise<Body> {
  let text = ''
  request.setEncoding('utf8')
  for await (const part of request) {
    text += part
    if (text.length > MAX_BODY_BYTES) throw fault('RC-L-199', 'The call is too large.')
  }
  return JSON.parse(text === '' ? '{}' : text) as Body
}

function asFault(error: unknown, logger: Logger): Fault {
  if (error instanceof Fault) return error
  logger.error({ error, stack: (error as Error).stack }, 'call failed')
  return fault(
    'RC-L-199',
    `Remocal made a mistake: ${(error as Error).message}.`,
    ['report it with the end of daemon.log'],
    error,
  )
}
