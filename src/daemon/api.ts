/** HTTP over the unix socket: one POST a call. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { fault } from '../diagnose/catalogue.ts'
import type { HelloResult, Progress, StatusResult, Target } from '../lib/daemon-api.ts'
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

const MAX_BODY_BYTES = 1024 * 1024
/** Events that a caller does not read, a stopped one perhaps, are not kept beyond this. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024

export interface ApiOptions extends CallContext {
  logger: Logger
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
    try {
      refuseOtherVersion(request, path)
      const body = await readBody(request)
      if (long[path] !== undefined) await answerLong(response, body, long[path], logger)
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

/** Lines as they come; after the last one the answer stays open, and what was made ends with it. */
async function answerLong(response: ServerResponse, body: Body, call: Long, logger: Logger): Promise<void> {
  const signal = closedSignal(response)
  const say = (line: Progress<unknown>): void => {
    if (response.writable) response.write(`${JSON.stringify(line)}\n`)
  }
  response.writeHead(200, { 'content-type': 'application/jsonl' })
  response.flushHeaders()
  let holding: Holding<unknown> | undefined
  try {
    holding = await call(body, signal, {
      step: (text) => say({ kind: 'step', text }),
      warning: (text) => say({ kind: 'warning', text }),
      event(event) {
        const reads = response.writableLength < MAX_UNREAD_BYTES
        if (reads) say({ kind: 'event', event })
        return reads
      },
    })
    if (signal.aborted) return
    say({ kind: 'done', result: holding.result })
    if (holding.stays === true) {
      holding = undefined
      return
    }
    const closed = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
    const lost = await Promise.race([holding.lost, closed])
    if (lost !== undefined) say({ kind: 'failed', fault: lost.toJSON() })
  } catch (error) {
    if (!signal.aborted) say({ kind: 'failed', fault: asFault(error, logger).toJSON() })
  } finally {
    await holding?.end()
    response.end()
  }
}

/** Aborted when the caller goes before it has its answer. */
function closedSignal(response: ServerResponse): AbortSignal {
  const abort = new AbortController()
  response.on('close', () => abort.abort(new Error('the caller is gone')))
  return abort.signal
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
