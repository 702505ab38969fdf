/** From a command line to a call, by commander; what it does not understand becomes RC-U-101 with the nearest name. */
import { CommanderError, Command as Parser } from 'commander'
import { fault } from '../diagnose/catalogue.ts'
import { nearest } from '../lib/nearest.ts'
import type { Call, Command, Option } from './command.ts'

const NAMESPACE = '-n, --namespace <name>'

const GLOBAL_OPTIONS: Option[] = [
  { flags: '-o, --output <format>', summary: 'table or json (default: table)' },
  { flags: '--context <name>', summary: 'context of the kubeconfig (default: the current one)' },
  { flags: NAMESPACE, summary: "namespace (default: the context's)" },
  { flags: '--kubeconfig <path>', summary: 'kubeconfig (default: $KUBECONFIG, else ~/.kube/config)' },
]

export type Parsed = Pick<
  Call,
  'args' | 'options' | 'given' | 'program' | 'output' | 'context' | 'namespace' | 'kubeconfig'
>

/** @returns the call, or the help text that was asked for. Throws RC-U-101. */
export function parse(command: Command, argv: string[]): { call: Parsed } | { help: string } {
  const dash = argv.indexOf('--')
  const own = dash < 0 ? argv : argv.slice(0, dash)
  const program = dash < 0 ? [] : argv.slice(dash + 1)
  let help = ''
  const parser = parserOf(command).configureOutput({
    writeOut: (text) => {
      help += text
    },
    writeErr: () => {},
  })
  const given: Call['given'] = []
  for (const option of parser.options) {
    const name = option.attributeName()
    // Commander tells of each occurrence, in order.
    parser.on(`option:${option.name()}`, (value: string | null) => given.push({ name, value: value ?? true }))
  }
  try {
    parser.parse(own, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { help }
    throw dash < 0
      ? (undashed(command, own, parser) ?? misunderstood(command, error, parser))
      : misunderstood(command, error, parser)
  }
  for (const { flags, repeated } of command.options) {
    const flag = /--[a-z-]+/.exec(flags)?.[0]
    const own = parser.options.find(({ long }) => long === flag)
    if (repeated || own === undefined || !own.required) continue
    const times = given.filter(({ name }) => name === own.attributeName()).length
    if (times > 1) throw usage(command, `${flag} is given ${times} times, and only one can count`)
  }
  const { output, context, namespace, kubeconfig, ...options } = parser.opts<Record<string, string>>()
  if (output !== undefined && output !== 'table' && output !== 'json') {
    throw usage(command, `there is no output format "${output}", only table and json`)
  }
  if (command.program === 'required' && program.length === 0)
    throw usage(command, 'the program to run is missing: say it after "--"')
  if (command.program === undefined && dash >= 0)
    throw usage(command, 'it runs no program, so nothing may stand after "--"')
  const call: Parsed = { args: parser.args, options, given, program, output: output ?? 'table' }
  if (context !== undefined) call.context = context
  if (namespace !== undefined) call.namespace = namespace
  if (kubeconfig !== undefined) call.kubeconfig = kubeconfig
  return { call }
}

function parserOf(command: Command): Parser {
  const parser = new Parser(`remocal ${command.name}`).description(command.summary).exitOverride()
  for (const { name, summary, optional } of command.args) parser.argument(optional ? `[${name}]` : `<${name}>`, summary)
  for (const { flags, summary: usual, repeated } of [...command.options, ...GLOBAL_OPTIONS]) {
    const summary = flags === NAMESPACE ? (command.namespaceSummary ?? usual) : usual
    if (repeated)
      parser.option(flags, `${summary}; may be repeated`, (value: string, all?: string[]) => [...(all ?? []), value])
    else parser.option(flags, summary)
  }
  if (command.program !== undefined && command.program !== 'ignored') {
    parser.usage(`${usageOf(command)} ${command.program === 'required' ? '-- PROGRAM…' : '[-- PROGRAM…]'}`)
  }
  const examples = command.examples.map(({ what, line }) => `  # ${what}\n  ${line}`)
  return parser.addHelpText('after', `\nExamples:\n${examples.join('\n')}`)
}

function usageOf({ args }: Command): string {
  return ['[options]', ...args.map(({ name, optional }) => (optional ? `[${name}]` : `<${name}>`))].join(' ')
}

/** A program that was typed without `--` before it: its options look like ours. */
function undashed(command: Command, argv: string[], parser: Parser): Error | undefined {
  if (command.program === undefined || command.program === 'ignored') return undefined
  let words = 0
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? ''
    if (!word.startsWith('-')) {
      if (words++ < command.args.length) continue
      const own = ['remocal', command.name, ...argv.slice(0, at)]
      const program = argv.slice(at)
      const line = [...own, '--', ...program].map(quoted).join(' ')
      return fault(
        'RC-U-101',
        `The program and what belongs to it stand after "--": ${program[0]} has none before it.`,
        [line],
      )
    }
    const option = parser.options.find(({ short, long }) => short === word || long === word)
    if (option === undefined && !word.includes('=')) return undefined
    // Its value is the next word.
    if (option?.required === true) at++
  }
  return undefined
}

/** As a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** What was given beyond what the command takes, and what that is. */
function surplus({ args }: Command, parser: Parser): string {
  const more = parser.args.slice(args.length).map((word) => `"${word}"`)
  const takes = args.length === 0 ? 'nothing but options' : `only ${args.map(({ name }) => name).join(' and ')}`
  return `${more.join(' ')} ${more.length === 1 ? 'is one argument' : `are ${more.length} arguments`} too many; it takes ${takes}`
}

function misunderstood(command: Command, error: CommanderError, parser: Parser): Error {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  switch (error.code) {
    case 'commander.unknownOption': {
      const names = [...command.options, ...GLOBAL_OPTIONS].flatMap(({ flags }) => flags.match(/--?[a-z-]+/g) ?? [])
      return usage(command, `there is no option ${quoted}${optionMeant(quoted, names)}`)
    }
    case 'commander.missingArgument':
      return usage(command, `${quoted} is missing`)
    case 'commander.excessArguments':
      return usage(command, surplus(command, parser))
    case 'commander.optionMissingArgument':
      return usage(command, `${quoted} needs a value`)
    default:
      return usage(command, error.message.replace(/^error: /, '').replace(/\.$/, ''))
  }
}

/** As `meant`: what all options begin with makes none of them alike. */
function optionMeant(typed: string, names: string[]): string {
  const bare = new Map(names.map((name) => [name.replace(/^--?/, ''), name]))
  const near = nearest(typed.replace(/^--?/, ''), bare.keys()).map((name) => bare.get(name) ?? name)
  return near.length === 0 ? '' : `; did you mean ${near.join(' or ')}`
}

/** RC-U-101 about one command. */
export function usage(command: Pick<Command, 'name'>, why: string): Error {
  return fault('RC-U-101', `${why.charAt(0).toUpperCase()}${why.slice(1)}.`, [`remocal ${command.name} --help`])
}

/** `; did you mean …?` without its question mark, or nothing. */
export function meant(typed: string, names: string[]): string {
  const near = nearest(typed, names)
  return near.length === 0 ? '' : `; did you mean ${near.join(' or ')}`
}
