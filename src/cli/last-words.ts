/** What a command says when it ends, signals notwithstanding. */
import { Interrupted } from './interrupted.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** A signal so soon after the one that ended it is the same wish again: a hasty key, or a terminal and a parent that both sent it. */
const SAME_MS = 1000

/**
 * From here on signals do not end the process: until `begin` whatever else listens decides, then they are nothing for a second, so that the summary and
 * its exit code are not lost, and after it the next one ends the process at once.
 */
export class LastWords {
  #begunAt: number | undefined

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#onSignal)
  }

  /** The command is at its end. */
  begin(): void {
    this.#begunAt ??= performance.now()
  }

  /** All is said. */
  end(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal)
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.#begunAt === undefined || performance.now() - this.#begunAt < SAME_MS) return
    process.exit(new Interrupted(signal).exit)
  }
}
