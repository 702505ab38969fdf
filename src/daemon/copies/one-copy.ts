/** One copy at the program: given to it, its answer dropped or compared with the app's. */
import type { Budget } from '../../lib/budget.ts'
import type { Clock } from '../../lib/clock.ts'
import type { DifferenceEvent } from '../../lib/daemon-api.ts'
import type { Ignored } from '../../lib/diff/ignored.ts'
import type { Program } from '../attachment/program.ts'
import type { ProgramAsker } from './ask-program.ts'
import type { Asked } from './asked.ts'
import { compare, readAnswer } from './compare.ts'
import { Keep } from './keep.ts'
import type { CopiedRequest, Line } from './line.ts'
import type { Tally } from './tally.ts'

/** Why a copy is given up that is not to be counted: the wiretap has ended. */
export const ENDED: unique symbol = Symbol('the wiretap has ended')

/** Characters of a request's target that are told. */
const TARGET = 1000
/** A program that ends closes its connections; so soon its wiretap ends too, and what it did not answer is no difference. */
const END_MS = 1000

export interface OneCopy {
  line: Line
  request: CopiedRequest
  program: Program
  asker: ProgramAsker
  clock: Clock
  /** What is left out of the comparison; undefined: answers are not compared. */
  ignored: Ignored | undefined
  /** For both answers. */
  budget: Budget
  tally: Tally
  /** Aborted when it takes too long, or with `ENDED`. */
  signal: AbortSignal
  /** @returns whether anybody hears of it */
  onDifference(event: DifferenceEvent): boolean
}

/** Resolves when the program is done with it. */
export async function serveCopy(copy: OneCopy): Promise<void> {
  const { line, request, program, asker, budget, tally, signal, ignored } = copy
  const port = program.portOf(request.port)
  if (port === undefined) return
  let kept = 0
  const keeps = (bytes: number): void => {
    kept += bytes
  }
  const compares = request.wantsAnswer && ignored !== undefined
  let isPending = false
  const app = compares ? appAnswer(copy, keeps) : undefined
  try {
    const asked = await asker.ask({
      ...{ port, signal, isSecure: request.isSecure, request: request.bytes, method: methodOf(request.bytes) },
      keep: app === undefined ? undefined : new Keep(budget, keeps),
      onReached() {
        tally.copied++
        isPending = app !== undefined
        if (isPending) tally.pending++
      },
    })
    if (asked.kind === 'unheard') {
      tally.unheard++
      return
    }
    const answer = await app
    if (answer !== undefined && asked.kind === 'failed' && asked.why.kind === 'closed') await untilOver(copy)
    if (ignored !== undefined && compares && signal.reason !== ENDED) await compareAnswers(copy, asked, answer, ignored)
  } finally {
    // What the end of the wiretap cut off stays without an answer.
    if (isPending && signal.reason !== ENDED) tally.pending--
    line.forget(request.id)
    budget.give(kept)
  }
}

/** Resolves when the wiretap ends, or when it is clear that it does not. */
async function untilOver({ clock, signal }: OneCopy): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.after(END_MS, resolve)
  const give = (): void => resolve()
  signal.addEventListener('abort', give)
  if (!signal.aborted) await promise
  timer.cancel()
  signal.removeEventListener('abort', give)
}

/** The app's answer, when it is there; undefined when it is known that there will be none, when it is too late, or when it finds no memory. */
function appAnswer(
  { line, request, budget, signal }: OneCopy,
  onKept: (bytes: number) => void,
): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
  line.onAnswer(request.id, signal, (bytes) => {
    const fits = bytes !== undefined && budget.take(bytes.length)
    if (fits) onKept(bytes.length)
    resolve(fits ? bytes : undefined)
  })
  return promise
}

async function compareAnswers(
  { request: { bytes, port }, tally, onDifference }: OneCopy,
  asked: Exclude<Asked, { kind: 'unheard' }>,
  answer: Buffer | undefined,
  ignored: Ignored,
): Promise<void> {
  const method = methodOf(bytes)
  const app = answer === undefined ? undefined : await readAnswer(answer, method)
  if (app === undefined) {
    tally.uncompared++
    return
  }
  const { differences, more } = await compare(app, asked, ignored)
  if (differences.length === 0) {
    tally.same++
    return
  }
  tally.different++
  const [, target = ''] = lineOf(bytes).split(' ')
  const at = new Date().toISOString()
  const heard = onDifference({ at, method, target: target.slice(0, TARGET), port, differences, more })
  if (!heard) tally.untold++
}

function methodOf(request: Buffer): string {
  return lineOf(request).split(' ', 1)[0] ?? ''
}

function lineOf(request: Buffer): string {
  const end = request.indexOf('\r\n')
  return request.toString('latin1', 0, end < 0 ? Math.min(request.length, TARGET) : end)
}
