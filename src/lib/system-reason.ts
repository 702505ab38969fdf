/** What the kernel said, without Node's wrapping: `no space left on device`. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message
    .replace(/^E[A-Z]+: /, '')
    .replace(/, [a-z]+ '.*$/, '')
    .replace(/, [a-z]+$/, '')
}
