/** Places in JSON documents: `$.items[0].id`, `$["odd name"]`; in patterns `[*]` and `.*` stand for any one step. */

export type Step = string | number

export const ANY: unique symbol = Symbol('any')
export type Pattern = readonly (Step | typeof ANY)[]

const NAME = /^[A-Za-z_$][\w$-]*$/
const NEXT = /\.\*|\[\*\]|\.([A-Za-z_$][\w$-]*)|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]/y

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
  const steps: (Step | typeof ANY)[] = []
  let at = 1
  while (at < text.length) {
    NEXT.lastIndex = at
    const [whole, name, index, quoted] = NEXT.exec(text) ?? []
    if (whole === undefined) return undefined
    const step = name ?? (index === undefined ? unquoted(quoted) : Number(index))
    if (quoted !== undefined && step === undefined) return undefined
    steps.push(step ?? ANY)
    at += whole.length
  }
  return steps
}

function unquoted(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as string)
  } catch {
    return undefined
  }
}
