/** Gives one copied request to the program as a stream of HTTP/2, and reads its answer. */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2'
import type { Answer } from '../../lib/diff/answers.ts'
import type { Headers } from '../../lib/diff/headers.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { type Asked, type Failure, failed } from './asked.ts'
import { decodeBody } from './body.ts'
import type { Http2Request } from './http2-request.ts'
import type { Keep } from './keep.ts'

/** The stream was not looked at: it may be asked again. */
export const REFUSED: Asked = failed({ kind: 'reset', code: ERROR_CODE.REFUSED_STREAM })

/** What Node says of streams that came too late for their session. */
const TOO_LATE: ReadonlySet<string> = new Set(['ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_INVALID_SESSION'])

class Http2Answer {
  #status = 0
  #headers: Headers = []
  #trailers: Headers = []
  readonly #pieces: Buffer[] | undefined

  /** @param keeps whether it is wanted */
  constructor(keeps: boolean) {
    this.#pieces = keeps ? [] : undefined
  }

  get hasBegun(): boolean {
    return this.#status !== 0
  }

  begin(status: number, fields: string[]): void {
    this.#status = status
    this.#headers = pairs(fields)
  }

  data(bytes: Buffer): void {
    this.#pieces?.push(bytes)
  }

  trailers(fields: string[]): void {
    this.#trailers = pairs(fields)
  }

  async answer(): Promise<Answer | undefined> {
    if (this.#pieces === undefined) return undefined
    const codings = this.#headers.filter(([name]) => name === 'content-encoding').map(([, value]) => value)
    const body = await decodeBody(Buffer.concat(this.#pieces), codings.join(','))
    return { status: this.#status, headers: [...this.#headers, ...this.#trailers], body }
  }
}

/** Names and values in turn; without those that HTTP/2 alone has. */
function pairs(fields: string[]): [name: string, value: string][] {
  const all: [string, string][] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [name = '', value = ''] = [fields[at], fields[at + 1]]
    if (!name.startsWith(':')) all.push([name, value])
  }
  return all
}

/** @param signal aborted when it takes too long */
export async function askHttp2(
  session: ClientHttp2Session,
  { method, headers, body, trailers }: Http2Request,
  keep: Keep | undefined,
  signal: AbortSignal,
): Promise<Asked> {
  const { promise, resolve } = Promise.withResolvers<Asked>()
  const fail = (why: Failure): void => resolve(failed(why))
  const late = (): void => fail({ kind: 'late' })
  const answer = new Http2Answer(keep !== undefined)
  const whole = (): void => resolve({ kind: 'answered', answer })
  const endStream = body.length === 0 && trailers === undefined && method !== 'CONNECT'
  let stream: ClientHttp2Stream
  try {
    stream = session.request(headers, { endStream, waitForTrailers: trailers !== undefined })
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    return TOO_LATE.has(code) ? REFUSED : failed({ kind: 'unspeakable', reason: message })
  }
  stream.on('response', (fields: IncomingHttpHeaders & IncomingHttpStatusHeader, _flags: number, raw: string[]) => {
    answer.begin(fields[':status'] ?? 0, raw)
    if (keep?.take(sizeOf(raw)) === false) fail({ kind: 'larger' })
    // What follows is a tunnel.
    if (method === 'CONNECT' && fields[':status'] !== undefined && fields[':status'] < 300) whole()
  })
  stream.on('trailers', (_fields: IncomingHttpHeaders, _flags: number, raw: string[]) => {
    answer.trailers(raw)
    if (keep?.take(sizeOf(raw)) === false) fail({ kind: 'larger' })
  })
  stream.on('data', (bytes: Buffer) => {
    if (keep?.take(bytes.length) === false) fail({ kind: 'larger' })
    else answer.data(bytes)
  })
  stream.on('end', () => {
    if (answer.hasBegun && !stream.aborted) whole()
  })
  stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}))
  stream.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
    if (TOO_LATE.has(code)) resolve(REFUSED)
  })
  stream.on('close', () => {
    const code = stream.rstCode
    if (code === ERROR_CODE.REFUSED_STREAM) resolve(REFUSED)
    else if (session.closed || session.destroyed || code === undefined || code === ERROR_CODE.NO_ERROR)
      fail({ kind: 'closed', isSilent: !answer.hasBegun })
    else fail({ kind: 'reset', code })
  })
  signal.addEventListener('abort', late)
  if (signal.aborted) late()
  if (!endStream) {
    for (const piece of body) stream.write(piece)
    if (method !== 'CONNECT') stream.end()
  }
  const asked = await promise
  signal.removeEventListener('abort', late)
  // An answer may be whole before its request is taken (RFC 9113 §8.1).
  if (asked.kind !== 'answered' || !stream.writableFinished) stream.close(ERROR_CODE.CANCEL)
  return asked
}

function sizeOf(fields: readonly string[]): number {
  return fields.reduce((sum, text) => sum + text.length, 0)
}
