/** What is fuzzed. */
import type { Verdict } from './verdict.ts'

/** Judges the input of a seed; never throws. */
export type Check = (seed: number) => Verdict

export interface Subject {
  readonly title: string
  readonly load: () => Promise<Check>
  /** Of all inputs, so many must be read to their end by both: who refuses everything is wrong too. */
  readonly leastSame: number
  /** And so many must be refused by both: else the mistakes in them were no mistakes. */
  readonly leastRefused: number
}

export const SUBJECTS: ReadonlyMap<string, Subject> = new Map([
  [
    'http1',
    {
      title: 'messages of HTTP/1 beside the parser of node:http',
      load: async () => (await import('../http1/fuzz/check.ts')).check,
      leastSame: 0.25,
      leastRefused: 0.15,
    },
  ],
  [
    'blocks',
    {
      title: 'header blocks of HTTP/2 beside a decoder by the letter',
      load: async () => (await import('../http2/fuzz/check.ts')).check,
      leastSame: 0.25,
      leastRefused: 0.1,
    },
  ],
  [
    'frames',
    {
      title: 'connections of HTTP/2 beside a reader of frames by the letter',
      load: async () => (await import('../http2/frames/check.ts')).check,
      leastSame: 0.25,
      leastRefused: 0.1,
    },
  ],
])
