/** What the checks of objects share. */
export type Fields = Record<string, unknown>

/** Takes note of a mistake. */
export type Wrong = (field: string, message: string) => void

/** What may be a list of objects, as one. */
export function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : []
}
