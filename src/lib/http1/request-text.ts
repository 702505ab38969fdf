/** A request that a person wrote or a tool showed: as text, not as it came from a connection. */
import { readJson } from '../filter/json.ts'
import type { FilterRequest } from '../filter/request.ts'
import { BadMessage } from './bad-message.ts'
import { BodyReader } from './body-reader.ts'
import { filterRequest } from './filter-request.ts'
import { requestFraming } from './framing.ts'
import { type RequestHead, readRequestHead } from './head.ts'

const MAX_JSON_BYTES = 64 * 1024

/**
 * Reads a request whose lines may end with LF alone, whose empty line may be missing when no body follows, or which `curl -v` showed. The body
 * is what Content-Length or chunks say, or else the rest; none when a tool showed the head alone. Throws `BadMessage`: what an agent refuses is
 * refused here, in the same words.
 * @param onNoBody told why filters see no body
 */
export function readRequestText(bytes: Buffer, onNoBody: (why: string) => void = () => {}): FilterRequest {
  if (bytes.length === 0) throw new BadMessage(400, 'it is empty')
  // Octet by octet: latin1 keeps what is not ASCII.
  const text = asSent(bytes.toString('latin1'))
  const end = /\r?\n\r?\n/.exec(text)
  const lines = (end === null ? text.trimEnd() : text.slice(0, end.index)).split(/\r?\n/)
  const start = (lines[0] ?? '').replace(/ HTTP\/[23](\.0)?$/, ' HTTP/1.1')
  const head = readRequestHead(Buffer.from(`${[start, ...lines.slice(1)].join('\r\n')}\r\n\r\n`, 'latin1'))
  if (head === undefined) throw new BadMessage(400, 'the head is not whole')
  const rest = end === null ? '' : text.slice(end.index + end[0].length)
  const content = contentOf(head, Buffer.from(rest, 'latin1'))
  const isShown = content.length === 0 && wasShown(bytes)
  if (isShown) onNoBody('curl -v prints no body: write the request with its body into a file for --request')
  return filterRequest(head, undefined, jsonOf(head, content, isShown ? () => {} : onNoBody))
}

/** Whether a tool showed the request among other things. */
function wasShown(bytes: Buffer): boolean {
  return /^> /m.test(bytes.toString('latin1'))
}

/** `curl -v` marks what it sends with `> `, and what happens with other signs. */
function asSent(text: string): string {
  if (/^\S+ \S+ HTTP\//.test(text)) return text
  const sent = text.split(/\r?\n/).filter((line) => /^>( |$)/.test(line))
  return sent.length === 0 ? text : sent.map((line) => line.replace(/^> ?/, '')).join('\r\n')
}

/** As an agent sees it: JSON only when the sender says so. */
function jsonOf(head: RequestHead, content: Buffer, onNoBody: (why: string) => void): unknown {
  const type = head.fields.list('content-type')
  const why =
    content.length === 0
      ? 'the request has none'
      : !/^[^;]*[/+]json[ \t]*(?:;|$)/i.test(type)
        ? `its Content-Type is ${type === '' ? 'absent' : `"${type}"`}, not JSON's`
        : content.length > MAX_JSON_BYTES
          ? `it has ${content.length} bytes, and filters see ${MAX_JSON_BYTES} at most`
          : undefined
  try {
    if (why === undefined) return readJson(content.toString())
    onNoBody(why)
  } catch {
    onNoBody('it is no JSON')
  }
  return undefined
}

const CHUNK = /^[0-9a-f]+[ \t]*(?:;|\r?\n)/i

function contentOf(head: RequestHead, rest: Buffer): Buffer {
  const framing = requestFraming(head)
  if (framing.kind === 'none' || rest.length === 0) return rest
  // A tool shows what it decoded.
  if (framing.kind === 'chunked' && !CHUNK.test(rest.toString('latin1'))) return rest
  const pieces: Buffer[] = []
  const reader = new BodyReader(framing)
  reader.take(rest, (piece) => pieces.push(piece))
  if (!reader.done) throw new BadMessage(400, 'the body is not whole')
  return Buffer.concat(pieces)
}
