/** What a command is: data, and one function. Help, parsing and documentation come from it. */
import type { Io } from './io.ts'

export interface Argument {
  name: string
  summary: string
  optional?: boolean
}

export interface Option {
  /** As in help: `--port <port>`, `--all`. */
  flags: string
  summary: string
  /** May be given several times. */
  repeated?: boolean
}

export interface Call {
  args: string[]
  options: Record<string, string | boolean | string[] | undefined>
  /** Each option as often and in the order in which it was given, where that matters; `value` is true for flags. */
  given: { name: string; value: string | true }[]
  /** What stands after `--`. */
  program: string[]
  output: 'table' | 'json'
  context?: string
  namespace?: string
  kubeconfig?: string
  io: Io
  /** Aborted by Ctrl-C and SIGTERM. */
  signal: AbortSignal
  /** Writes the result, as JSON or as `text` renders it. Once per command. */
  print<T>(result: T, text: (result: T) => string): void
}

export interface Command {
  name: string
  summary: string
  args: Argument[]
  options: Option[]
  /** What `-n` means here, when it is not the namespace of what is named. */
  namespaceSummary?: string
  examples: { what: string; line: string }[]
  /** Whether a program may stand after `--`; `ignored`: of a line that was another command's, and is not started. */
  program?: 'required' | 'optional' | 'ignored'
  /** A role that people do not call: takes all arguments as they are. */
  role?: boolean
  /** @returns the exit code; undefined is 0 */
  run(call: Call): Promise<number | undefined>
}
