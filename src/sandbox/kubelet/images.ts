/** Images: folders of this machine with a command. The table is a file that `remocal sandbox image` writes. */
import { readFileSync } from 'node:fs'

export interface Image {
  /** Where its processes start. */
  root: string
  command: string[]
  env?: Record<string, string>
}

export type ImageTable = Record<string, Image>

/** Empty when there is no table yet. */
export function readImages(path: string): ImageTable {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ImageTable
  } catch {
    return {}
  }
}
