/** The few ASN.1 values in DER (ITU-T X.690) that a certificate is made of. */

export function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content])
}

export const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts)
export const setOf = (...parts: Uint8Array[]): Buffer => der(0x31, ...parts)
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text))
export const bitString = (bytes: Uint8Array): Buffer => der(0x03, Buffer.of(0), bytes)
/** A context-specific constructed value, `[number] EXPLICIT`. */
export const explicit = (number: number, content: Uint8Array): Buffer => der(0xa0 + number, content)

/** A non-negative INTEGER from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes[0] ?? 0
  return der(0x02, first > 0x7f || bytes.length === 0 ? Buffer.concat([Buffer.of(0), bytes]) : bytes)
}

/** `1.3.101.112` and its kin. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const groups = [arc & 0x7f]
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return der(0x06, Buffer.from(bytes))
}

/** GeneralizedTime, `YYYYMMDDHHMMSSZ`; UTCTime for the years in which RFC 5280 §4.1.2.5 asks for it. */
export function time(text: string): Buffer {
  const year = Number(text.slice(0, 4))
  return year < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text))
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  const bytes: number[] = []
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256)
  return Buffer.from([0x80 + bytes.length, ...bytes])
}
