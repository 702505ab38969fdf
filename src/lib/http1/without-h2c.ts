/** Requests that offer to go over to HTTP/2 (RFC 7540 §3.2, which RFC 9113 §3.1 has given up). */
import type { RequestHead } from './head.ts'

/**
 * The head of a request without that offer, other protocols left in it. A server may ignore it, and one that took it would answer this and all that follows on a
 * connection whose requests nobody reads any more.
 * @param bytes of the head, as it was read
 */
export function withoutH2c({ fields }: RequestHead, bytes: Buffer): Buffer {
  if (!fields.upgrades) return bytes
  const offered = tokens(fields.list('upgrade'))
  const others = offered.filter((protocol) => protocol.toLowerCase() !== 'h2c')
  if (others.length === offered.length) return bytes
  const isGone = (option: string): boolean =>
    /^http2-settings$/i.test(option) || (others.length === 0 && /^upgrade$/i.test(option))
  const kept = bytes
    .toString('latin1')
    .split('\r\n')
    .flatMap((line) => {
      const name = line.slice(0, line.indexOf(':')).toLowerCase()
      if (name === 'http2-settings') return []
      if (name === 'upgrade') return withList(line, (protocol) => protocol.toLowerCase() !== 'h2c')
      return name === 'connection' ? withList(line, (option) => !isGone(option)) : [line]
    })
  return Buffer.from(kept.join('\r\n'), 'latin1')
}

/** @returns no line when nothing is left of its list */
function withList(line: string, keeps: (token: string) => boolean): string[] {
  const colon = line.indexOf(':')
  const left = tokens(line.slice(colon + 1)).filter(keeps)
  return left.length === 0 ? [] : [`${line.slice(0, colon)}: ${left.join(', ')}`]
}

function tokens(list: string): string[] {
  return list
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '')
}
