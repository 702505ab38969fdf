/**
 * What ends an authority (RFC 3986 §3.2), user information, which RFC 9113 §8.3.1 forbids, and blanks. What else a server takes for a host is its own affair.
 */
const NO_HOST = /[\s/?#@\\]/

/** @param authority a host with or without its port; empty ones too */
export function isAuthority(authority: string): boolean {
  return !NO_HOST.test(authority)
}
