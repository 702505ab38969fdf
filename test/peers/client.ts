/** A client of a corpus: runs the cases that it knows against a port, and says what came of them. */
import { type Ran, run } from '../e2e/remocal.ts'

/** Of what a client that failed has said. */
const MOST_SAID = 2000
/** The longest case is a minute of messages. */
const LIMIT_MS = 120_000

export interface Client {
  name: string
  cases: Set<string>
  /** It begins anew for each case anyway. */
  apart?: boolean
  /** Its cases last long and cost little: it runs beside others, not in their turn. */
  waits?: boolean
  /** What it does is done to the app only, on purpose. */
  appOnly?: boolean
  /** Throws where it cannot be had on this machine. */
  prepare(): void
  /** @param user sent as `X-User`, unless it is empty */
  run(port: number, user: string, cases: string[]): Promise<string>
}

export interface Command {
  command: string
  args: string[]
  env?: Record<string, string>
}

/** A program of ours with arguments PORT USER CASE... */
export function program(name: string, cases: string, command: () => Command): Client {
  return {
    name,
    cases: new Set(cases.split(' ')),
    prepare: () => void command(),
    async run(port, user, asked) {
      const { command: path, args, env = {} } = command()
      return ended(name, await run(path, [...args, String(port), user, ...asked], { env, limitMs: LIMIT_MS }))
    },
  }
}

/** What it printed; throws with the end of what it said when it failed. */
export function ended(name: string, { code, stdout, stderr }: Ran): string {
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${`${stderr}${stdout}`.slice(-MOST_SAID)}`)
  return stdout
}
