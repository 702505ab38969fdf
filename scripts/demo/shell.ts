/** Shows commands as a terminal would, and runs them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const COLOR = process.stdout.isTTY === true
const styled =
  (code: number) =>
  (text: string): string =>
    COLOR ? `\u001b[${code}m${text}\u001b[0m` : text
export const bold = styled(1)
export const dim = styled(2)

export interface ShellOptions {
  env: NodeJS.ProcessEnv
  cwd: string
  /** Prints the command only. */
  quiet?: boolean
}

export interface Ran {
  code: number | null
  output: string
}

/** A heading between steps. */
export function say(text: string): void {
  process.stdout.write(`\n${bold(`# ${text}`)}\n`)
}

/** Prints the command and what it says; never throws for its exit code. */
export async function show(line: string, options: ShellOptions): Promise<Ran> {
  process.stdout.write(`${dim('$')} ${line}\n`)
  const child = spawn('sh', ['-c', line], { env: options.env, cwd: options.cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  await once(child, 'close')
  if (options.quiet !== true) process.stdout.write(indented(output))
  return { code: child.exitCode, output }
}

/** A command that stays. */
export interface Staying {
  output(): string
  /** Resolves when it has ended by itself. */
  ended(): Promise<unknown>
  /** Ends it as Ctrl-C does. */
  end(): Promise<void>
}

/** Starts a command and waits until it has printed `ready`; rejects when it ends before. */
export async function stay(line: string, options: ShellOptions, ready: RegExp): Promise<Staying> {
  process.stdout.write(`${dim('$')} ${line} ${dim('&')}\n`)
  const child = spawn('sh', ['-c', `exec env ${line}`], {
    env: options.env,
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const shown = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      process.stdout.write(indented(text))
      if (ready.test(output)) shown.resolve()
    })
  }
  const closed = once(child, 'close')
  void closed.then(() => shown.reject(new Error(`"${line}" ended with ${child.exitCode}`)))
  await shown.promise
  return {
    output: () => output,
    ended: () => closed,
    async end() {
      child.kill('SIGINT')
      await closed
    },
  }
}

function indented(text: string): string {
  return text === '' ? '' : `${text.trimEnd().replaceAll(/^/gm, '  ')}\n`
}
