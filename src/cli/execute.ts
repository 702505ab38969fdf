/** Finds the command, runs it, and turns what went wrong into one sentence and an exit code. */
import { fault } from '../diagnose/catalogue.ts'
import { Fault } from '../lib/fault.ts'
import type { Call } from './command.ts'
import { COMMANDS } from './commands.ts'
import { Interrupted } from './interrupted.ts'
import type { Io } from './io.ts'
import { meant, parse } from './parse.ts'
import { faultText } from './render/fault.ts'
import { overview } from './render/overview.ts'

/** Runs `remocal <argv>` for people. @returns the exit code */
export async function execute(argv: string[], io: Io): Promise<number> {
  const interrupted = new AbortController()
  let json = false
  try {
    json = asksJson(argv)
    const [name, ...rest] = argv
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') return await help(rest[0], io)
    const command = await find(name)
    const parsed = parse(command, rest)
    if ('help' in parsed) {
      io.stdout(parsed.help)
      return 0
    }
    const { call } = parsed
    const print: Call['print'] = (result, text) =>
      io.stdout(call.output === 'json' ? `${JSON.stringify(result)}\n` : text(result))
    return (await command.run({ ...call, io, signal: interrupted.signal, print })) ?? 0
  } catch (error) {
    // Whoever pressed Ctrl-C knows why it ended.
    if (error instanceof Interrupted) return error.exit
    const shown = error instanceof Fault ? error : mistake(error)
    if (json) io.stdout(`${JSON.stringify({ fault: shown })}\n`)
    io.stderr(faultText(shown))
    return shown.exit
  } finally {
    interrupted.abort()
  }
}

async function find(name: string): ReturnType<NonNullable<(typeof COMMANDS)[string]>> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (load !== undefined) return load()
  const what = name.startsWith('-') ? 'option' : 'command'
  throw fault('RC-U-101', `There is no ${what} "${name}"${meant(name, Object.keys(COMMANDS))}.`, ['remocal --help'])
}

async function help(name: string | undefined, io: Io): Promise<number> {
  if (name !== undefined) {
    const parsed = parse(await find(name), ['--help'])
    if ('help' in parsed) io.stdout(parsed.help)
  } else io.stdout(overview(await Promise.all(Object.values(COMMANDS).map((load) => load()))))
  return 0
}

/** Known before parsing, so that a usage fault is printed in the format that was asked for. */
function asksJson(argv: string[]): boolean {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  return own.some(
    (word, at) => /^(-o|--output)=?json$/.test(word) || (/^(-o|--output)$/.test(word) && own[at + 1] === 'json'),
  )
}

/** What nobody expected: our mistake. */
function mistake(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error)
  const trace = error instanceof Error ? (error.stack?.split('\n')[1]?.trim() ?? '') : ''
  return fault(
    'RC-L-199',
    `Something went wrong inside Remocal: ${message} ${trace}`.trim(),
    ['report it with this line and the end of daemon.log'],
    error,
  )
}
