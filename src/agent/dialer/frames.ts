/** DNS messages on a byte stream: each with a two-byte length before it (RFC 1035 §4.2.2). */

/** Cuts a stream's bytes into messages. */
export function frames(onMessage: (message: Buffer) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE()) {
      const end = 2 + rest.readUInt16BE()
      onMessage(rest.subarray(2, end))
      rest = rest.subarray(end)
    }
  }
}

/** A message as it stands on a stream. */
export function framed(message: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(2 + message.length)
  bytes.writeUInt16BE(message.length)
  message.copy(bytes, 2)
  return bytes
}
