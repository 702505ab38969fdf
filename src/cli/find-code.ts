/** The code that somebody typed, however it was written. */
import { CATALOGUE, type Code } from '../diagnose/catalogue.ts'
import { nearest } from '../lib/nearest.ts'

/** The subject's letter and the number: what tells codes apart. */
const BARE: ReadonlyMap<string, Code> = new Map(
  (Object.keys(CATALOGUE) as Code[]).map((code) => [code.slice(3).replace('-', ''), code]),
)

/**
 * @param typed in any case, with or without `RC` and hyphens; its number alone where only one code has it
 * @returns the code, or those that may be meant, which may be none
 */
export function findCode(typed: string): Code | readonly Code[] {
  const bare = typed
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')
    .replace(/^RC(?=.)/, '')
  const exact = BARE.get(bare)
  if (exact !== undefined) return exact
  const number = /\d+$/.exec(bare)?.[0] ?? ''
  const same = [...BARE].filter(([one]) => one.slice(1) === number).map(([, code]) => code)
  const [only] = same
  if (only !== undefined && same.length === 1 && bare === number) return only
  const near = nearest(bare, BARE.keys()).flatMap((one) => BARE.get(one) ?? [])
  return [...new Set([...same, ...near])].slice(0, 3)
}
