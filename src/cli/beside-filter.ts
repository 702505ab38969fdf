/** What a line of `intercept` says beside its filter: taken by `filter test`, with a word on where it matters. */
import type { Call } from './command.ts'

/** By the name that a call has them under. */
const MATTERS: Record<string, [flag: string, why: string]> = {
  port: ['--port', "which of the workload's ports are taken, and a request in a file comes to none"],
  container: ['--container', 'which container is the app'],
  tlsCert: ['--tls-cert', 'how TLS is looked into, and a request in a file has none'],
  tlsKey: ['--tls-key', 'how TLS is looked into, and a request in a file has none'],
  plaintext: ['--plaintext', 'what reaches the program'],
  reopen: ['--reopen', 'what becomes of connections from before'],
  priority: ['--priority', 'who is asked first when several filters match'],
  ifDown: ['--if-down', 'who answers when nothing listens here'],
}

/** `deploy/orders`: as CEL it would divide one unknown name by another. */
const WORKLOAD = /^[a-z]+\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/

const NAME = /^(?!(true|false|null)$)[a-z]([a-z0-9.-]*[a-z0-9])?$/

/** @param besideOptions a filter is given by options too, so a bare name is no expression */
export function isWorkload(text: string, besideOptions: boolean): boolean {
  return WORKLOAD.test(text) || (besideOptions && NAME.test(text))
}

/** Lines for stderr. @param workload as typed, where one was */
export function besideFilter({ options, program }: Pick<Call, 'options' | 'program'>, workload?: string): string[] {
  const said = Object.entries(MATTERS).filter(([name]) => options[name] !== undefined)
  return [
    ...(workload === undefined ? [] : [`${workload} is not asked: the request alone is looked at`]),
    ...said.map(([, [flag, why]]) => `${flag} does not matter here: it says ${why}`),
    ...(program.length === 0 ? [] : [`${program[0]} is not started`]),
  ]
}
