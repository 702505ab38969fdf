/** Writes a log line as JSON: time, level, message and fields. */
import { isoTime } from './iso-time.ts'
import type { Logger } from './logger.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof LEVELS)[number]

/** A logger that writes JSON lines with `write`; lines below `level` are dropped. */
export function jsonLogger(write: (line: string) => void, level: Level = 'info', base: object = {}): Logger {
  const least = LEVELS.indexOf(level)
  const at =
    (name: Level) =>
    (fields: object, message: string): void => {
      if (LEVELS.indexOf(name) < least) return
      write(`${JSON.stringify({ time: isoTime(Date.now()), level: name, message, ...base, ...fields }, plain)}\n`)
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => jsonLogger(write, level, { ...base, ...fields }),
  }
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { message: value.message, code: (value as { code?: unknown }).code }
  return typeof value === 'bigint' ? value.toString() : value
}
