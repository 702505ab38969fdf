/** Probes of a container: asked again and again, told when the verdict changes. */
import { execFile } from 'node:child_process'
import { request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { connect } from 'node:net'

export interface Probe {
  httpGet?: { path?: string; port: number | string; scheme?: string; httpHeaders?: { name: string; value: string }[] }
  tcpSocket?: { port: number | string }
  exec?: { command: string[] }
  initialDelaySeconds?: number
  periodSeconds?: number
  timeoutSeconds?: number
  successThreshold?: number
  failureThreshold?: number
}

export interface ProbeTarget {
  address: string
  /** The number of a named port. */
  portOf(port: number | string): number
  /** Command line that runs a command in the container. */
  inside(command: string[]): string[]
}

/** Not after each period but faster at first: a program that starts is asked until it answers. */
const EAGER_MS = 100
/** A command costs more than a question. */
const EAGER_EXEC_MS = 1000
const EAGER_TIME_MS = 5000

/** @param onVerdict called with each change of the verdict, and with why it failed @returns stops it */
export function keepProbing(
  probe: Probe,
  target: ProbeTarget,
  onVerdict: (ok: boolean, why: string) => void,
): () => void {
  const { initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1, failureThreshold = 3 } = probe
  const eagerMs = probe.exec === undefined ? EAGER_MS : EAGER_EXEC_MS
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let verdict: boolean | undefined
  let successes = 0
  let failures = 0
  let asked = 0
  const next = async (): Promise<void> => {
    const why = await ask(probe, target)
    if (stopped) return
    asked++
    successes = why === undefined ? successes + 1 : 0
    failures = why === undefined ? 0 : failures + 1
    const eager = verdict === undefined && asked * eagerMs < EAGER_TIME_MS
    const before = verdict
    if (why === undefined && successes >= successThreshold) verdict = true
    // A program that has only just started is not blamed for the eager questions.
    else if (why !== undefined && failures >= failureThreshold && !eager) verdict = false
    if (verdict !== undefined && verdict !== before) onVerdict(verdict, why ?? '')
    timer = setTimeout(() => void next(), eager ? Math.min(eagerMs, periodSeconds * 1000) : periodSeconds * 1000)
  }
  timer = setTimeout(() => void next(), initialDelaySeconds * 1000)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

/** Asks once. @returns why the probe failed, or undefined */
export function ask(
  { httpGet, tcpSocket, exec, timeoutSeconds = 1 }: Probe,
  target: ProbeTarget,
): Promise<string | undefined> {
  const limitMs = timeoutSeconds * 1000
  if (httpGet !== undefined) return askHttp(httpGet, target, limitMs)
  if (tcpSocket !== undefined) return askTcp(target.address, target.portOf(tcpSocket.port), limitMs)
  if (exec === undefined) return Promise.resolve(undefined)
  const [program = '', ...args] = target.inside(exec.command)
  return new Promise((resolve) => {
    execFile(program, args, { timeout: limitMs }, (error) => resolve(error === null ? undefined : error.message))
  })
}

function askHttp(
  { path = '/', port, scheme, httpHeaders = [] }: NonNullable<Probe['httpGet']>,
  target: ProbeTarget,
  limitMs: number,
): Promise<string | undefined> {
  const headers = {
    'user-agent': 'kube-probe/1.35',
    accept: '*/*',
    connection: 'close',
    ...Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value])),
  }
  const options = {
    host: target.address,
    port: target.portOf(port),
    path,
    headers,
    timeout: limitMs,
    agent: false,
    rejectUnauthorized: false,
  }
  return new Promise((resolve) => {
    const asking = (scheme === 'HTTPS' ? secureRequest : request)(options, (response) => {
      response.resume()
      const { statusCode = 0 } = response
      resolve(statusCode >= 200 && statusCode < 400 ? undefined : `HTTP probe failed with statuscode: ${statusCode}`)
    })
    asking.on('timeout', () => asking.destroy(new Error('timeout')))
    asking.on('error', (error) => resolve(error.message))
    asking.end()
  })
}

function askTcp(host: string, port: number, limitMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: limitMs })
    socket.on('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.on('timeout', () => socket.destroy(new Error('timeout')))
    socket.on('error', (error) => resolve(error.message))
  })
}
