/** The app's certificates and keys, asked of the helper that may read them; one question at a time. */
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import * as v from 'valibot'
import type { Clock } from '../../lib/clock.ts'
import type { FoundFiles } from './search.ts'
import type { PreparedFiles } from './start.ts'

const ANSWER_MS = 15_000
const MAX_ANSWER_BYTES = 4 * 1024 * 1024

const text = v.string()
const answerSchema = v.union([
  v.object({
    id: v.number(),
    files: v.array(v.object({ path: text, pem: text })),
    unreadable: v.array(v.object({ path: text, why: text })),
    left: v.number(),
  }),
  v.object({ id: v.number(), problem: text }),
])

export class AppFiles {
  readonly #questions: Writable
  readonly #answers: Readable
  readonly #clock: Clock
  readonly #waiting = new Map<number, { resolve(found: FoundFiles): void; reject(error: Error): void }>()
  #unread: Buffer[] = []
  #unreadBytes = 0
  #last = 0
  #ended: Error | undefined
  #turn: Promise<unknown> = Promise.resolve()

  /** @param questions, answers its input and output */
  constructor(questions: Writable, answers: Readable, clock: Clock) {
    this.#clock = clock
    this.#questions = questions
    this.#answers = answers
    this.#questions.on('error', (error) => this.#end(error))
    this.#answers.on('data', (bytes: Buffer) => this.#take(bytes))
    this.#answers.on('error', (error) => this.#end(error))
    this.#answers.on('end', () => this.#end(new Error('what reads them has ended')))
  }

  /** Of a process that became another one. */
  static handed({ questions, answers }: PreparedFiles, clock: Clock): AppFiles {
    const input = new Socket({ fd: questions, readable: false, writable: true })
    const output = new Socket({ fd: answers, readable: true, writable: false })
    // Neither keeps the agent alive.
    return new AppFiles(input.unref(), output.unref(), clock)
  }

  /** @param paths in the pod, read first; with `search` also where such files usually are. Rejects when they cannot be read at all. */
  find(paths: readonly string[], search: boolean): Promise<FoundFiles> {
    const asked = this.#turn.then(() => this.#ask(paths, search))
    this.#turn = asked.catch(() => {})
    return asked
  }

  /** What waits for questions ends with it. */
  close(): void {
    this.#end(new Error('closed'))
  }

  async #ask(paths: readonly string[], search: boolean): Promise<FoundFiles> {
    if (this.#ended !== undefined) throw this.#ended
    const id = ++this.#last
    const { promise, resolve, reject } = Promise.withResolvers<FoundFiles>()
    const timer = this.#clock.after(ANSWER_MS, () => reject(new Error('what reads them does not answer')))
    this.#waiting.set(id, { resolve, reject })
    // The shell reads a line: the number, then the rest.
    this.#questions.write(`${id} ${JSON.stringify({ id, paths, search })}\n`)
    try {
      return await promise
    } finally {
      timer.cancel()
      this.#waiting.delete(id)
    }
  }

  #take(bytes: Buffer): void {
    this.#unread.push(bytes)
    this.#unreadBytes += bytes.length
    if (this.#unreadBytes > MAX_ANSWER_BYTES) {
      this.#end(new Error('what reads them says too much'))
      return
    }
    if (!bytes.includes(0x0a)) return
    const lines = Buffer.concat(this.#unread).toString().split('\n')
    const rest = Buffer.from(lines.pop() ?? '')
    this.#unread = rest.length > 0 ? [rest] : []
    this.#unreadBytes = rest.length
    for (const line of lines) if (line !== '') this.#answer(line)
  }

  #answer(line: string): void {
    try {
      const answer = v.parse(answerSchema, JSON.parse(line))
      const waiting = this.#waiting.get(answer.id)
      if ('problem' in answer) waiting?.reject(new Error(answer.problem))
      else waiting?.resolve({ files: answer.files, unreadable: answer.unreadable, left: answer.left })
    } catch {
      // Cut off by its end perhaps, of which the shell tells next. Another question is another run.
      this.#reject(new Error('what reads them gave an answer that makes no sense'))
    }
  }

  #end(error: Error): void {
    this.#ended ??= error
    this.#reject(error)
    this.#answers.destroy()
    this.#questions.destroy()
  }

  #reject(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
  }
}
