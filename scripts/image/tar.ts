/** A deterministic tar writer (POSIX ustar with PAX paths): same files, same bytes. */

export type Entry =
  | { kind: 'folder'; path: string; mode: number }
  | { kind: 'file'; path: string; mode: number; data: Buffer }
  | { kind: 'link'; path: string; target: string }

const BLOCK = 512
const TYPES = { file: '0', link: '2', folder: '5', pax: 'x' } as const

/** The archive as chunks; paths are relative, without a leading slash. */
export function* tar(entries: Entry[]): Generator<Buffer> {
  for (const entry of entries) {
    const path = entry.kind === 'folder' ? `${entry.path}/` : entry.path
    const target = entry.kind === 'link' ? entry.target : ''
    if (Buffer.byteLength(path) > 99 || Buffer.byteLength(target) > 99) {
      const records = Buffer.from(record('path', path) + (target === '' ? '' : record('linkpath', target)))
      yield header('pax', 'pax', 0o644, records.length, '')
      yield* padded(records)
    }
    const data = entry.kind === 'file' ? entry.data : Buffer.alloc(0)
    yield header(entry.kind, path, entry.kind === 'link' ? 0o777 : entry.mode, data.length, target)
    yield* padded(data)
  }
  yield Buffer.alloc(2 * BLOCK)
}

/** One PAX record: `<length of all this> key=value\n`. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = Buffer.byteLength(rest)
  while (String(length).length + Buffer.byteLength(rest) !== length)
    length = String(length).length + Buffer.byteLength(rest)
  return length + rest
}

function header(kind: keyof typeof TYPES, path: string, mode: number, size: number, target: string): Buffer {
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, width: number): void => {
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1')
  }
  block.write(Buffer.from(path).subarray(0, 99).toString('latin1'), 0, 'latin1')
  octal(mode, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(0, 136, 12)
  block.fill(' ', 148, 156)
  block.write(TYPES[kind], 156, 'latin1')
  block.write(Buffer.from(target).subarray(0, 99).toString('latin1'), 157, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function* padded(data: Buffer): Generator<Buffer> {
  yield data
  const rest = data.length % BLOCK
  if (rest !== 0) yield Buffer.alloc(BLOCK - rest)
}
