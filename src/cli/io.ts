/** Everything outside that a command may touch: passed in, so that the CLI runs inside a test. */
export interface Io {
  /** The result, and nothing else. */
  stdout(text: string): void
  /** Everything that is not the result. */
  stderr(text: string): void
  /** All that comes in, when somebody asks to read it. */
  stdin(): Promise<Buffer>
  env: Record<string, string | undefined>
  cwd: string
  /** File that starts this program again: for the daemon and its helpers. */
  entry: string
  /** True when a terminal sends Ctrl-C to the program as well as to us. */
  terminal: boolean
}
