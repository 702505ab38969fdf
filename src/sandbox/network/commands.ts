/** Runs `ip` and `nft` with their input on stdin. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`

/** Lines of `ip -batch`, in the network namespace of process `pid`, or in our own. Rejects with what `ip` said. */
export function ip(lines: string[], pid?: number): Promise<void> {
  return feed(pid, ['ip', '-batch', '-'], `${lines.join('\n')}\n`)
}

/** A ruleset, applied as one transaction. */
export function nft(text: string): Promise<void> {
  return feed(undefined, ['nft', '-f', '-'], text)
}

async function feed(pid: number | undefined, command: string[], input: string): Promise<void> {
  const enter = pid === undefined ? [] : ['nsenter', `--net=/proc/${pid}/ns/net`, '--']
  const [program = '', ...args] = [...enter, ...command]
  const running = run(program, args, { env: { ...process.env, PATH } })
  running.child.stdin?.on('error', () => {})
  running.child.stdin?.end(input)
  try {
    await running
  } catch (error) {
    const { stderr } = error as { stderr?: string }
    throw new Error(`${command[0]}: ${stderr?.trim().split('\n')[0] ?? String(error)}`)
  }
}
