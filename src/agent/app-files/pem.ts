/** What may be given of the app's files: blocks of certificates and private keys (RFC 7468), and nothing that stands around them. */

const BEGIN = /^-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE|(?:RSA |EC |ENCRYPTED )?PRIVATE KEY)-----\s*$/
/** Base64, or a header of an encrypted key (RFC 1421 §4.6). */
const CONTENT = /^(?:[A-Za-z0-9+/=]*|(?:Proc-Type|DEK-Info): [\w,-]+)\s*$/

/** The blocks of a text, each ended by a line break; empty when it has none. */
export function pemBlocks(text: string): string {
  if (!text.includes('-----BEGIN ')) return ''
  const blocks: string[] = []
  let block: string[] = []
  let name: string | undefined
  for (const line of text.split('\n')) {
    const begun = BEGIN.exec(line)?.[1]
    if (begun !== undefined) {
      name = begun
      block = [line.trim()]
    } else if (name !== undefined && line.trimEnd() === `-----END ${name}-----`) {
      blocks.push(...block, line.trim())
      name = undefined
    } else if (name !== undefined && CONTENT.test(line)) block.push(line.trim())
    else name = undefined
  }
  return blocks.length > 0 ? `${blocks.join('\n')}\n` : ''
}
