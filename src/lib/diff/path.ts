/** Places in JSON documents: `$.items[0].id`, `$["odd name"]`; in patterns `[*]` and `.*` stand for any one step, `.a*` for any that begins so. */

export type Step = string | number

export const ANY: unique symbol = Symbol('any')
export type Pattern = readonly (Step | typeof ANY | { prefix: string })[]

const NAME = /^[A-Za-z_$][\w$-]*$/
const NEXT = /\.\*|\[\*\]|\.([A-Za-z_$][\w$-]*)(\*)?|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]/y

export function writePath(steps: readonly Step[]): string {
  const rest = steps.map((step) => {
    if (typeof step === 'number') return `[${step}]`
    return NAME.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
  })
  return `$${rest.join('')}`
}

/** Undefined when it is none. */
export function readPattern(text: string): Pattern | undefined {
  if (!text.startsWith('$')) return undefined
  const steps: Pattern[number][] = []
  let at = 1
  while (at < text.length) {
    NEXT.lastIndex = at
    const [whole, name, star, index, quoted] = NEXT.exec(text) ?? []
    if (whole === undefined) return undefined
    const step = name ?? (index === undefined ? unquoted(quoted) : Number(index))
    if (quoted !== undefined && step === undefined) return undefined
    steps.push(star !== undefined && name !== undefined ? { prefix: name } : (step ?? ANY))
    at += whole.length
  }
  return steps
}

/** Whether a step of a path is one that a pattern's step stands for. */
export function isStep(pattern: Pattern[number] | undefined, step: Step): boolean {
  if (typeof pattern !== 'object') return pattern === ANY || pattern === step
  return typeof step === 'string' && step.startsWith(pattern.prefix)
}

function unquoted(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as string)
  } catch {
    return undefined
  }
}
