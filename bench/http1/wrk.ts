/** wrk from its Debian package: one thread that keeps so many connections busy. */
import { join } from 'node:path'
import { unpacked } from '../../scripts/debian.ts'
import { run } from '../../test/e2e/remocal.ts'
import type { Answered } from '../lib/compare.ts'

const REPORT = join(import.meta.dirname, 'report.lua')

export interface Load {
  connections: number
  path: string
  /** `Name: value`, as sent with each request. */
  headers: string[]
  tls?: boolean
}

interface Report extends Answered {
  bytes: number
  /** Connections and requests that went wrong, and answers of 400 and above. */
  failed: number
}

/** @param seconds a whole number. Rejects when a single request failed. */
export async function wrk(port: number, { connections, path, headers, tls }: Load, seconds: number): Promise<Answered> {
  const { program, env } = unpacked('wrk')
  const url = `${tls === true ? 'https' : 'http'}://127.0.0.1:${port}${path}`
  const fields = headers.flatMap((field) => ['-H', field])
  const args = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '-s', REPORT, ...fields, url]
  const { code, stdout, stderr } = await run(program('usr/bin/wrk'), args, { env })
  const line = stdout.split('\n').find((one) => one.startsWith('{'))
  if (code !== 0 || line === undefined) throw new Error(`wrk ended with ${code}: ${stdout}${stderr}`)
  const answered = JSON.parse(line) as Report
  if (answered.failed > 0) throw new Error(`${answered.failed} requests failed: ${stdout}`)
  return answered
}
