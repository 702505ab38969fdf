/** What the calls share. */
import type { Fault } from '../../lib/fault.ts'
import type { Clusters } from '../clusters.ts'

export interface CallContext {
  clusters: Clusters
  /** The program's entry, for runners. */
  entry: string
  /** An empty folder for a runner, new each time. */
  newFolder(): string
}

/** What a long call says meanwhile. */
export interface Teller {
  step(text: string): void
  warning(text: string): void
  /** Something happened to what is held. @returns false when the caller reads nothing any more, so that it was not told */
  event(event: object): boolean
}

/** Something that hangs on an open call. */
export interface Holding<T> {
  result: T
  /** Resolves when it ended by itself, with why. */
  lost: Promise<Fault>
  end(): Promise<void>
  /** Its name, when it need not end with the call that made it: who made it may keep it, until `leave`. */
  stays?: string
}
