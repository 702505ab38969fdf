/**
 * The privileged program that is started for one question about the app's files and ends with the answer. It reads what it is asked for as bytes and
 * gives back blocks of PEM: certificates and keys are understood only by the process without privileges.
 */
import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { appPid, readAppProcess } from '../app-process.ts'
import { namedPaths, volumePoints } from './candidates.ts'
import { Inside } from './inside.ts'
import { type FoundFiles, search } from './search.ts'
import { writeLine } from './write-line.ts'

const questionSchema = v.object({
  id: v.number(),
  /** Paths in the pod that a person named. */
  paths: v.array(v.string()),
  /** Look further, where such files usually are. */
  search: v.boolean(),
})
export type Question = v.InferOutput<typeof questionSchema>
export type Answer = { id: number } & (FoundFiles | { problem: string })

/** Writes one line, an `Answer`, to stdout. Resolves when all of it has left. */
export async function answerQuestion(text: string): Promise<void> {
  const question = v.parse(questionSchema, JSON.parse(text))
  const answer: Answer = { id: question.id, ...found(question) }
  await writeLine(JSON.stringify(answer))
}

function found({ paths, search: further }: Question): FoundFiles | { problem: string } {
  try {
    const pid = appPid()
    const inside = new Inside(`/proc/${pid}/root`)
    const base = { inside, asked: paths.filter((path) => path.startsWith('/')) }
    if (!further) return search({ ...base, named: [], folders: [] })
    const { env, cwd } = readAppProcess()
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    const folders = volumePoints(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'))
    return search({ ...base, named: namedPaths(command, env, cwd), folders })
  } catch (error) {
    return { problem: (error as Error).message }
  }
}
