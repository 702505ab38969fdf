/** Fields that say something of one connection, and go no farther than it (RFC 9110 §7.6.1, RFC 9113 §8.2.2). */

const ALWAYS: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'http2-settings',
])

/**
 * Which fields of an HTTP/1 message stay behind.
 * @param connection values of its Connection fields, as a list
 */
export function connectionFields(connection: string): (name: string) => boolean {
  if (connection === '') return (name) => ALWAYS.has(name)
  const named = new Set(connection.toLowerCase().split(/[ \t]*,[ \t]*/))
  return (name) => ALWAYS.has(name) || named.has(name)
}
