/** The daemon as the CLI sees it: found or started, then asked over its unix socket. */
import http from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fault } from '../diagnose/catalogue.ts'
import type { HelloResult, Progress, StatusResult, Target } from '../lib/daemon-api.ts'
import { Fault, type FaultFields } from '../lib/fault.ts'
import { stateFolder } from '../lib/state-folder.ts'
import { VERSION } from '../lib/version.ts'
import type { Io } from './io.ts'
import { startDaemon } from './start-daemon.ts'
import { waitingText, wonder } from './waiting.ts'

export interface LinesHandlers {
  onStep(text: string): void
  onWarning(text: string): void
  /** What a call that stays open tells, from its result on or just before it. */
  onEvent?(event: unknown): void
}

/** A long call whose answer stays open; `closed` resolves when the daemon (not `close`) ends it, with the fault if it said one. */
export interface Held<T> {
  result: T
  closed: Promise<FaultFields | undefined>
  /** Lets go: the daemon ends what hangs on this call, unless it is kept. */
  close(): void
}

export class DaemonClient {
  readonly #io: Io
  readonly #socket: string

  constructor(io: Io) {
    this.#io = io
    this.#socket = join(stateFolder(io.env), 'daemon.sock')
  }

  /** One answer. Starts the daemon when none runs, replaces one of another version that holds nothing. */
  async call<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
    const waiting = this.#wonder(path, body)
    try {
      return await this.#answer<T>(await this.#request(path, body, signal))
    } finally {
      waiting.end()
    }
  }

  /** As `call`, but undefined when no daemon runs. */
  async callRunning<T>(path: string, body: object): Promise<T | undefined> {
    const waiting = this.#wonder(path, body)
    try {
      return await this.#answer<T>(await this.#send(path, body))
    } catch (error) {
      if (absent(error)) return undefined
      throw error
    } finally {
      waiting.end()
    }
  }

  /** A long call: progress lines, then the result; the answer stays open until either side closes it. */
  async hold<T>(path: string, body: object, handlers: LinesHandlers, signal: AbortSignal): Promise<Held<T>> {
    const waiting = this.#wonder(path, body)
    const response = await this.#request(path, body, signal).catch((error: unknown) => {
      waiting.end()
      throw error
    })
    const lines = createInterface({ input: response })
    let failed: FaultFields | undefined
    let letGo = false
    let onDone: (result: T) => void = () => {}
    let onFailed: (error: Fault) => void = () => {}
    const done = new Promise<T>((resolve, reject) => {
      onDone = resolve
      onFailed = reject
    })
    lines.on('line', (line) => {
      waiting.end()
      const said = JSON.parse(line) as Progress<T>
      switch (said.kind) {
        case 'step':
          return handlers.onStep(said.text)
        case 'warning':
          return handlers.onWarning(said.text)
        case 'done':
          return onDone(said.result)
        case 'event':
          return handlers.onEvent?.(said.event)
        case 'failed':
          failed = said.fault
          return onFailed(Fault.from(said.fault))
      }
    })
    const closed = new Promise<FaultFields | undefined>((resolve) => {
      const end = (): void => {
        waiting.end()
        onFailed(this.#lost())
        if (!letGo) resolve(failed)
      }
      lines.once('close', end)
      // The interface tells errors of what it reads as its own.
      lines.on('error', end)
      response.on('error', end)
    })
    const close = (): void => {
      letGo = true
      response.destroy()
    }
    return { result: await done, closed, close }
  }

  /** Says on stderr what is waited for, when a call takes longer than people expect. */
  #wonder(path: string, body: { target?: Target }): { end(): void } {
    let isOver = false
    const { end } = wonder(async () => {
      const { context } = body.target ?? {}
      const asked = this.#send('/v1/status', { context }).then((response) => this.#answer<StatusResult>(response))
      const text = waitingText(path, await asked.catch(() => undefined))
      if (!isOver) this.#io.stderr(`${text}\n`)
    })
    return {
      end() {
        isOver = true
        end()
      },
    }
  }

  async #request(path: string, body: object, signal?: AbortSignal): Promise<http.IncomingMessage> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#send(path, body, signal)
      } catch (error) {
        if (attempt === 2) throw error
        if (absent(error)) await startDaemon(this.#io)
        else if ((error as Fault).code === 'RC-L-102') await this.#replace()
        else throw error
      }
    }
  }

  /** Ends a daemon of another version, unless it holds attachments. */
  async #replace(): Promise<void> {
    const { version, attachments } = await this.#answer<HelloResult>(await this.#send('/v1/hello', {}))
    if (attachments > 0) {
      const sentence = `Cannot use the daemon: it is version ${version} with ${attachments} attachments, this is ${VERSION}. Nothing was changed.`
      throw fault('RC-L-102', sentence, ['remocal quit'])
    }
    await text(await this.#send('/v1/quit', {}))
    await startDaemon(this.#io)
  }

  #send(path: string, body: object, signal?: AbortSignal): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'x-remocal-version': VERSION }
      const options: http.RequestOptions = { socketPath: this.#socket, path, method: 'POST', headers, agent: false }
      const request = http.request(signal === undefined ? options : { ...options, signal })
      const timer = setTimeout(
        () => this.#isAlive().then((alive) => alive || request.destroy(this.#silent())),
        SILENT_MS,
      )
      request.on('close', () => clearTimeout(timer))
      request.on('error', (error) => reject(this.#explained(error)))
      request.on('response', (response) => {
        clearTimeout(timer)
        if ((response.statusCode ?? 500) < 400) resolve(response)
        else if (response.statusCode === 503) reject(Object.assign(new Error('it is ending'), { code: ENDING }))
        else this.#answer<FaultFields>(response).then((said) => reject(Fault.from(said)), reject)
      })
      request.end(JSON.stringify(body))
    })
  }

  async #answer<T>(response: http.IncomingMessage): Promise<T> {
    try {
      return JSON.parse(await text(response)) as T
    } catch (error) {
      throw this.#lost(error)
    }
  }

  /** Whether the daemon answers anything at all: a call may take long, a greeting may not. */
  #isAlive(): Promise<boolean> {
    return new Promise((resolve) => {
      const greeting = { socketPath: this.#socket, path: '/v1/hello', method: 'POST', agent: false, timeout: SILENT_MS }
      const request = http.request(greeting)
      request.on('response', (response) => resolve(response.resume().statusCode === 200))
      request.on('timeout', () => request.destroy())
      request.on('close', () => resolve(false))
      request.on('error', () => resolve(false))
      request.end()
    })
  }

  #explained(error: Error): Error {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM') {
      const sentence = `Cannot ask the daemon: ${this.#socket} belongs to another user.`
      return fault('RC-L-103', sentence, ['name a folder of your own in REMOCAL_HOME'], error)
    }
    return code === 'ECONNRESET' || code === 'EPIPE' ? this.#lost(error) : error
  }

  #lost(cause?: unknown): Fault {
    const log = join(stateFolder(this.#io.env), 'daemon.log')
    return fault('RC-L-101', 'The daemon ended before it answered.', [`see the end of ${log}`], cause)
  }

  #silent(): Fault {
    const lock = join(stateFolder(this.#io.env), 'daemon.lock')
    return fault('RC-L-101', 'The daemon runs but does not answer.', [`kill -9 $(cat ${lock})`])
  }
}

/** A daemon that is silent for so long is asked whether it lives, for as long again. */
const SILENT_MS = 3000

/** A daemon that ends by itself has done nothing of what it was asked. */
const ENDING = 'DAEMON_ENDING'

/** True when nobody listens on the socket, or not any more. */
function absent(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED', ENDING].includes((error as NodeJS.ErrnoException).code ?? '')
}

async function text(response: http.IncomingMessage): Promise<string> {
  let whole = ''
  response.setEncoding('utf8')
  for await (const part of response) whole += part
  return whole
}
