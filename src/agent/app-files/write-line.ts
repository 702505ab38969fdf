/** Lines of any length on stdout. */

/**
 * Resolves when all of it has left, however slow its reader is. `writeSync` would not do: once anything has looked at `process.stdout`, a pipe refuses
 * what it has no room for, with EAGAIN in the middle of a line.
 */
export function writeLine(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()))
  })
}
